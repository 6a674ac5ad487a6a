"""A database with an outbox, and the in-memory Kafka that its relays send to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shenava import topics
from shenava.db.database import Database
from shenava.events import FactRecorded
from shenava.kafka.producer import Producer
from shenava.outbox import Relay, stage
from shenava.testing.builders import fact
from shenava.testing.memory_kafka import MemoryBroker, MemoryDelivery, MemoryRecord
from shenava.topics import FACTS_RECORDED

MIGRATIONS = Path(__file__).parent / "integration" / "outbox_migrations"
FACTS = FACTS_RECORDED.name


class World:
    """A database with an outbox, and the broker its relays send to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.broker = MemoryBroker({topic.name: 2 for topic in topics.ALL})

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[Relay]:
        """A relay at work, stopped in order."""
        stop = asyncio.Event()
        async with Producer(lambda: MemoryDelivery(self.broker)) as producer:
            sender = Relay(self.database, producer)
            running = asyncio.create_task(sender.run(stop))
            try:
                yield sender
            finally:
                stop.set()
                await running

    async def stage(self, *events: FactRecorded) -> None:
        """In one transaction."""
        async with self.database.transaction() as tx:
            await stage(tx, [(FACTS_RECORDED, event) for event in events], source="router")

    async def pending(self) -> int:
        """Rows still in the outbox."""
        async with self.database.transaction() as tx:
            return int(await tx.driver.fetchval("SELECT count(*) FROM outbox"))

    def sent(self) -> list[MemoryRecord]:
        """What arrived."""
        return self.broker.records(FACTS)

    def ids(self) -> list[str]:
        """The events that arrived, repeats dropped."""
        return list(dict.fromkeys(dict(record.headers)["ce_id"].decode() for record in self.sent()))


def facts(count: int, start: int = 0, kind: str = "order") -> list[FactRecorded]:
    """So many facts, each another."""
    return [fact(fact_id=f"o-{number}", kind=kind) for number in range(start, start + count)]
