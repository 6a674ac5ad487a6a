"""A topic of its own with its dead letters on the real Kafka, what lies on them, and the operator's command."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner, Result

from servers import Topics
from shenava.codec import encode
from shenava.dead_letters.commands import app
from shenava.dead_letters.letter import Letter, Note, opened
from shenava.dead_letters.log import Log
from shenava.errors import Invalid
from shenava.kafka.dead_letters import dead_letter
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound, Record
from shenava.kafka.producer import partition_of
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.topics import DEAD_SUFFIX

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
REASON = Invalid("unknown_event_type", "no event of this type is read here")
GROUP = "sentiment"
COUNTED = ("dead_letter_replays", b"1")
"""The header of a record that was replayed once."""


@dataclass
class DeadLetterWorld:
    """One topic, its dead letters, and the command."""

    kafka: KafkaSettings
    topic: str

    @property
    def dead(self) -> str:
        """Where the letters are."""
        return self.topic + DEAD_SUFFIX

    @property
    def environment(self) -> dict[str, str]:
        """What the command needs to find them."""
        return {"SHENAVA_KAFKA_BOOTSTRAP": self.kafka.bootstrap}

    async def command(self, *arguments: str) -> Result:
        """Run ``shenava dead-letters`` with ``arguments``."""
        # In a thread: the command has an event loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=self.environment)

    async def answer(self, *arguments: str) -> dict[str, Any]:
        """What it says with ``--json``."""
        answered: dict[str, Any] = json.loads((await self.command(*arguments, "--json")).stdout)
        return answered

    async def child(self, *start: str) -> asyncio.subprocess.Process:
        """The command in a process of its own, which can be killed."""
        return await asyncio.create_subprocess_exec(
            *start,
            env=os.environ | self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def records(self, topic: str | None = None) -> list[Record]:
        """All that lies on the topic, or on another."""
        async with Log(self.kafka) as log:
            return [record async for record in log.records(topic or self.topic)]

    async def letters(self) -> list[Letter]:
        """The dead letters."""
        return [letter for record in await self.records(self.dead) if isinstance(letter := opened(record), Letter)]

    async def notes(self) -> list[Note]:
        """What is remembered as replayed."""
        return [note for record in await self.records(self.dead) if isinstance(note := opened(record), Note)]

    async def write(self, *records: Outbound) -> None:
        """Write records as any writer does."""
        async with producer("tests", self.kafka) as out:
            await out.send(records)

    async def write_compressed(self, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
        """Write a record that only fits because it is compressed."""
        client = AIOKafkaProducer(
            bootstrap_servers=self.kafka.bootstrap, compression_type="gzip", max_request_size=10_000_000
        )
        async with client:
            place = partition_of(key, len(await client.partitions_for(self.topic)))
            await client.send_and_wait(self.topic, value, key=key, partition=place, headers=[*headers])

    async def bury(self, count: int = 1, reason: Invalid = REASON, *, group: str = GROUP) -> list[Record]:
        """Good mentions on the topic, and a dead letter of each; returns the mentions as they were read."""
        events = [received(native_id=f"p-{number}", conversation=f"t-{number}") for number in range(count)]
        await self.write(*[Outbound(self.topic, *encode(event, source="ingestor")) for event in events])
        written = (await self.records())[-count:]
        await self.refuse(written, reason, group=group)
        return written

    async def refuse(self, records: Sequence[Record], reason: Invalid = REASON, *, group: str = GROUP) -> None:
        """Put ``records`` aside as a consumer does."""
        await self.write(*[dead_letter(record, reason, group=group, now=NOW) for record in records])


async def dead_letter_world(topics: Topics, *, partitions: int = 2) -> DeadLetterWorld:
    """An empty world."""
    return DeadLetterWorld(topics.settings, await topics("replayed", partitions=partitions, dead=True))


def as_written(records: list[Record]) -> set[tuple[object, ...]]:
    """What was written of each: its partition, key, value and headers."""
    return {(record.partition, record.key, record.value, tuple(record.headers)) for record in records}
