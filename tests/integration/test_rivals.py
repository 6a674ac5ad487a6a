"""Two of a kind over one database, one of them killed in the middle: nothing doubled, nothing skipped, all done."""

from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from dispatcher_child import dispatcher_process
from group_reading import Group
from outbox_world import MIGRATIONS, World, facts
from relay_child import BATCH, relay_process
from servers import DatabaseFor, Databases, Topics
from shenava.db.database import Database
from shenava.kafka.consumer import Inbound
from shenava.outbox import stage
from shenava.testing.receiver import Receiver, serving
from shenava.testing.waiting import until
from shenava.topics import Topic
from webhook_world import SECRET, endpoint, issues_in_order, notice, world

pytestmark = pytest.mark.servers


@asynccontextmanager
async def _ended(*processes: Process) -> AsyncIterator[None]:
    """Kill at the end what is still alive."""
    try:
        yield
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_one_of_two_dispatchers_is_killed_in_the_middle_and_every_message_arrives_in_its_order(
    database_for: DatabaseFor,
) -> None:
    """What the dead one held comes again when its lease ends, under its own id."""
    settings, receiver = await database_for("router"), Receiver([SECRET])
    issues, each = 40, 5
    async with serving(receiver) as url, world(settings, [endpoint(url)]) as queue:
        victim, survivor = await dispatcher_process(settings, url), await dispatcher_process(settings, url)
        async with _ended(victim, survivor):
            for number in range(each):
                await queue.enqueue(*(notice(number, issue=f"i-{issue}") for issue in range(issues)))
            await until(lambda: len(receiver.taken) >= issues)
            victim.kill()
            await victim.wait()
            assert not await queue.ended(), "it was killed in the middle"
            await until(queue.ended)
        assert set(await queue.states()) == {"delivered"}
    assert issues_in_order(receiver) == {f"i-{issue}": list(range(each)) for issue in range(issues)}
    assert receiver.counts["verified"] - receiver.counts["repeated"] == issues * each
    # No more than it had under way, or had not yet told.
    assert receiver.counts["repeated"] <= 2 * endpoint(url).concurrency


async def test_one_of_two_relays_is_killed_in_the_middle_and_everything_is_sent_in_its_order(
    databases: Databases, topic_factory: Topics
) -> None:
    """At most one batch is sent twice, under the same ids."""
    name, count = await topic_factory("rivals", partitions=1), 2_000
    settings = await databases.fresh("router", MIGRATIONS)
    heard: list[str] = []

    async def hear(batch: Sequence[Inbound]) -> None:
        heard.extend(inbound.event.event_id for inbound in batch)

    async with Database(settings, schema="router", service="tests") as database:
        story, events = World(database), facts(count)
        victim = await relay_process(settings, topic_factory.settings)
        async with _ended(victim):
            await until(lambda: _connected(database, 1))
            survivor = await relay_process(settings, topic_factory.settings)
            async with _ended(survivor):
                await until(lambda: _connected(database, 2))
                async with database.transaction() as tx:
                    await stage(tx, [(Topic(name, (), "", "", ()), event) for event in events], source="router")
                await until(lambda: _fewer(story, count))
                victim.kill()
                await victim.wait()
                assert await story.pending(), "it was killed in the middle"
                await until(lambda: _fewer(story, 1))
    await Group(topic_factory.settings, name, hear, partitions=1).read_to_the_end()
    await databases.drop(settings)
    assert list(dict.fromkeys(heard)) == [event.event_id for event in events]
    assert len(heard) <= count + BATCH


async def _fewer(story: World, count: int) -> bool:
    return await story.pending() < count


async def _connected(database: Database, relays: int) -> bool:
    """Whether so many relays are there, the first of them with the lock."""
    async with database.transaction() as tx:
        held = await tx.driver.fetchval(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
        )
        there = await tx.driver.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'dedicated'"
        )
    return bool(held == 1 and there == relays)
