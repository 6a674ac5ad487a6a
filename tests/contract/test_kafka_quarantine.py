"""On Apache Kafka, by processes that are really killed: the record that kills is put aside, all others are handled."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from contract.kafka_harness import Reader
from servers import Topics
from shenava.codec import encode
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.member import producer as kafka_producer
from shenava.kafka.ports import Outbound, Record
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

AFTER = 2
UNHEARD_OF = 3
"""Deaths before a partition is read record by record: one without a note, two that were noted."""

MORTAL = """
import asyncio, os, signal, sys
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.consumer import Consumer
from shenava.kafka.member import producer
from shenava.settings import KafkaSettings, read

async def main(topic, kept, lethal):
    async def keep(batch):
        for inbound in batch:
            if inbound.event.event_id == lethal:
                os.kill(os.getpid(), signal.SIGKILL)
        with open(kept, "a") as file:
            file.writelines(inbound.event.event_id + "\\n" for inbound in batch)
    settings = read(KafkaSettings)
    subscription = KafkaSubscription([topic], group=f"g-{topic}", settings=settings)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with producer("mortal", settings) as out:
        await Consumer(subscription, keep, out.send, group="mortal", settings=settings).run(stop)

asyncio.run(main(*sys.argv[1:]))
"""


async def _dead_letters(settings: KafkaSettings, topic: str) -> list[Record]:
    """The dead letters of the topic; there is at least one."""
    async with Reader(KafkaSubscription([topic + ".dead"], group=f"check-{topic}", settings=settings)) as reader:
        await reader.until(lambda: reader.records)
        for _ in range(10):
            await reader.poll()
    return reader.records


async def _life(settings: KafkaSettings, arguments: list[str], finished: Path, count: int) -> int:
    """Run a process until it dies or everything is handled, then stop it; its exit code."""
    environment = {
        **os.environ,
        "SHENAVA_KAFKA_BOOTSTRAP": settings.bootstrap,
        "SHENAVA_KAFKA_MAX_RECORDS": "50",
        "SHENAVA_KAFKA_QUARANTINE_AFTER": str(AFTER),
        "SHENAVA_KAFKA_SESSION_TIMEOUT": "1s",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", MORTAL, *arguments, env=environment)

    def over() -> bool:
        return process.returncode is not None or len({*finished.read_text().split()}) == count

    await until(over, within_seconds=60)
    if process.returncode is None:
        process.terminate()
    return await process.wait()


async def test_a_record_that_has_its_readers_killed_is_put_aside_and_all_others_are_handled(
    topic_factory: Topics, tmp_path: Path
) -> None:
    settings = topic_factory.settings
    topic = await topic_factory("quarantine", partitions=3, dead=True)
    events = [received(native_id=str(n), conversation=f"t-{n}") for n in range(300)]
    lethal = events[150].event_id
    async with kafka_producer("tests", settings) as producer:
        await producer.send([Outbound(topic, *encode(event, source="tests")) for event in events])
    kept = tmp_path / "kept"
    kept.touch()

    ends: list[int] = []
    while 0 not in ends:
        assert len(ends) <= AFTER + UNHEARD_OF, ends
        ends.append(await _life(settings, [topic, str(kept), lethal], kept, len(events) - 1))

    assert set(ends[:-1]) == {-signal.SIGKILL}
    assert {*kept.read_text().split()} == {event.event_id for event in events} - {lethal}
    (letter,) = await _dead_letters(settings, topic)
    told = dict(letter.headers)
    assert told["dead_letter_reason"] == b"kills_the_process"
    assert told["ce_id"].decode() == lethal
