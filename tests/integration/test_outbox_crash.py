"""The relay is killed between sending and removing: all is sent again, under the same ids, and nothing is lost."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from servers import Databases, Topics
from shenava.crash_points import VARIABLE
from shenava.db.database import Database
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.member import producer
from shenava.kafka.ports import Partition, Record
from shenava.outbox import Relay, stage
from shenava.settings import KafkaSettings, PostgresSettings
from shenava.testing.builders import fact
from shenava.testing.waiting import until
from shenava.topics import Topic

pytestmark = pytest.mark.servers
MIGRATIONS = Path(__file__).parent / "outbox_migrations"

RELAYING = """
import asyncio
from shenava.db.database import Database
from shenava.kafka.member import producer
from shenava.outbox import Relay, relay
from shenava.settings import KafkaSettings, PostgresSettings, read

async def main():
    relay.BATCH_ROWS = 10
    async with Database(read(PostgresSettings), schema="router", service="t") as database:
        async with producer("t", read(KafkaSettings)) as out:
            await Relay(database, out).run(asyncio.Event())

asyncio.run(main())
"""


async def test_a_kill_between_sending_and_removing_costs_repeats_under_the_same_ids_and_keeps_the_order(
    databases: Databases, topic_factory: Topics
) -> None:
    topic = Topic(await topic_factory("outbox", partitions=1), (), "", "", ())
    settings = await databases.fresh("router", MIGRATIONS)
    events = [fact(fact_id=f"o-{number}") for number in range(50)]
    async with Database(settings, schema="router", service="tests") as database:
        async with database.transaction() as tx:
            await stage(tx, [(topic, event) for event in events], source="router")
        for point in ("relay.sent:1", "relay.sent:3"):
            assert await _relay_until_killed(settings, topic_factory.settings, point) == -signal.SIGKILL
        await _relay_all(database, topic_factory.settings)

    ids = [dict(record.headers)["ce_id"].decode() for record in await _read(topic, topic_factory.settings, 70)]
    assert list(dict.fromkeys(ids)) == [event.event_id for event in events]
    assert len(ids) == 70  # each kill left ten sent and not removed
    await databases.drop(settings)


async def _relay_until_killed(postgres: PostgresSettings, kafka: KafkaSettings, point: str) -> int:
    environment = {
        **os.environ,
        VARIABLE: point,
        "SHENAVA_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "SHENAVA_POSTGRES_DSN": postgres.dsn.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", RELAYING, env=environment)
    return await process.wait()


async def _relay_all(database: Database, settings: KafkaSettings) -> None:
    stop = asyncio.Event()
    async with producer("tests", settings) as out:
        relay = Relay(database, out)
        running = asyncio.create_task(relay.run(stop))
        await until(lambda: relay.active)  # the lock of the killed one is freed when the server notices
        stop.set()
        await running


async def _read(topic: Topic, settings: KafkaSettings, count: int) -> list[Record]:
    records: list[Record] = []
    subscription = KafkaSubscription([topic.name], group=f"check-{topic.name}", settings=settings)
    await subscription.start(_ignore, _ignore)
    async with asyncio.timeout(30):
        while len(records) < count:
            for polled in (await subscription.poll(500, 50)).values():
                records.extend(polled)
    await subscription.stop()
    return records


async def _ignore(partitions: frozenset[Partition]) -> None:
    """Nothing is to be handed over here."""
