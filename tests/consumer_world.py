"""One topic in memory, and consumers on it whose handler does what a script says."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from shenava.codec import encode
from shenava.errors import Invalid, Transient
from shenava.kafka.consumer import Consumer, Inbound
from shenava.kafka.ports import Outbound, Partition
from shenava.kafka.producer import Producer
from shenava.retry import Backoff
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.clock import ManualClock
from shenava.testing.memory_kafka import MemoryBroker, MemoryDelivery, MemoryRecord, MemorySubscription

TOPIC = "mentions.received"
DEAD = TOPIC + ".dead"
GROUP = "sentiment"
AT_ONCE = Backoff(first=timedelta(), limit=timedelta())

INVALID = Invalid("too_odd", "nothing can be made of it", pointer="/mention/text")
TRANSIENT = Transient("the database is away")


class Handler:
    """Handles a batch as one: raises what the script holds for any of its records, or keeps them all."""

    def __init__(self) -> None:
        self.script: dict[tuple[int, int], list[Exception]] = {}
        """By partition and offset: what to raise, one after another, before the record is let through."""
        self.batches: list[list[tuple[int, int]]] = []
        self.tries: list[list[tuple[int, int]]] = []
        self.before: Callable[[], Any] | None = None

    async def __call__(self, batch: Sequence[Inbound]) -> None:
        places = [(inbound.record.partition, inbound.record.offset) for inbound in batch]
        self.tries.append(places)
        if self.before is not None:
            await self.before()
        for place in places:
            if self.script.get(place):
                raise self.script[place].pop(0)
        self.batches.append(places)

    @property
    def handled(self) -> list[tuple[int, int]]:
        """Partition and offset of each record that was handled, in the order of handling."""
        return [place for batch in self.batches for place in batch]

    def of(self, partition: int) -> list[int]:
        """The offsets of one partition, in the order of handling."""
        return [offset for place, offset in self.handled if place == partition]


class World:
    """The topic, its dead letters, and what the group has committed."""

    def __init__(self, partitions: int = 2) -> None:
        self.clock = ManualClock()
        self.broker = MemoryBroker({TOPIC: partitions, DEAD: 1}, clock=self.clock)
        self.handler = Handler()
        self._written = 0

    def write(self, partition: int = 0, count: int = 1) -> None:
        """Good events, each another."""
        for _ in range(count):
            self._written += 1
            event = received(native_id=f"p-{self._written}")
            self.broker.append(Partition(TOPIC, partition), Outbound(TOPIC, *encode(event, source="ingestor")))

    def write_raw(
        self, value: bytes | None, headers: Sequence[tuple[str, bytes]] = (), *, partition: int = 0
    ) -> MemoryRecord:
        """Whatever some other producer may write."""
        return self.broker.append(Partition(TOPIC, partition), Outbound(TOPIC, b"key", value, headers))

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[Producer]:
        """What writes the dead letters."""
        async with Producer(lambda: MemoryDelivery(self.broker)) as producer:
            yield producer

    def subscription(self) -> MemorySubscription:
        """A member of the group to be."""
        return MemorySubscription(self.broker, [TOPIC], group=GROUP)

    def consumer(
        self,
        producer: Producer,
        *,
        subscription: MemorySubscription | None = None,
        handler: Handler | None = None,
        backoff: Backoff = AT_ONCE,
        **settings: Any,
    ) -> Consumer:
        """A consumer that never waits for long."""
        given = {"poll_timeout": timedelta(milliseconds=5)} | settings
        return Consumer(
            subscription or self.subscription(),
            handler or self.handler,
            producer.send,
            group=GROUP,
            settings=KafkaSettings(**given),
            backoff=backoff,
            clock=self.clock,
        )

    @asynccontextmanager
    async def joined(self, **given: Any) -> AsyncIterator[Consumer]:
        """A consumer that is a member, to be turned by hand; at the end it leaves without a last commit."""
        async with self.producer() as producer:
            subscription = given.pop("subscription", None) or self.subscription()
            consumer = self.consumer(producer, subscription=subscription, **given)
            await subscription.start(consumer._on_assigned, consumer._on_revoked)
            yield consumer
            await subscription.stop()

    @property
    def committed(self) -> dict[int, int]:
        """The committed offset of each partition of which something is finished."""
        return {p.partition: offset for p, offset in self.broker.group(GROUP).committed.items() if offset}

    @property
    def notes(self) -> dict[int, str]:
        """What is noted beside the committed offsets."""
        return {p.partition: note for p, note in self.broker.group(GROUP).notes.items() if note}

    @property
    def dead(self) -> list[MemoryRecord]:
        """The dead letters."""
        return self.broker.records(DEAD)


async def turn(consumer: Consumer, until: Callable[[], object], at_most: int = 200) -> None:
    """Turn until ``until`` holds."""
    for _ in range(at_most):
        if until():
            return
        await consumer.turn()
    raise AssertionError(f"not so after {at_most} turns")


def told(letter: MemoryRecord) -> dict[str, str]:
    """What a dead letter says of its origin."""
    headers = {name: value.decode() for name, value in letter.headers if name.startswith("dead_letter_")}
    return {name.removeprefix("dead_letter_"): value for name, value in headers.items()}
