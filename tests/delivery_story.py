"""A story of a topic, its records' fates and the processes that read it and die, for the laws of delivery."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shenava.codec import encode
from shenava.errors import Invalid, Transient
from shenava.kafka.consumer import Consumer, Inbound
from shenava.kafka.ports import Outbound, Partition, WriteFailed
from shenava.retry import Backoff
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.memory_kafka import MemoryBroker, MemorySubscription

TOPIC = "mentions.received"
DEAD = TOPIC + ".dead"
GROUP = "sentiment"
SETTINGS = KafkaSettings(
    poll_timeout=timedelta(milliseconds=1),
    max_records=4,
    dead_letter_run=10**9,
    dead_letter_ratio=1.0,
    quarantine_limit=10**9,
)
KILLERS = ("lethal", "buggy")


class DiedError(BaseException):
    """The process is gone: nothing it still tries has any effect."""


@dataclass
class Life:
    """How many more steps with an effect outside a process takes before it dies."""

    steps: int | None = None
    over: bool = False

    def step(self) -> None:
        """One more step, or none any more."""
        if self.steps is not None:
            self.steps -= 1
            self.over = self.over or self.steps < 0
        if self.over:
            raise DiedError


@dataclass
class Story:
    """The topic, what its records will do, and what became of them."""

    partitions: int
    broker: MemoryBroker = field(init=False)
    fates: dict[tuple[int, int], str] = field(default_factory=dict)
    failures: Counter[tuple[int, int]] = field(default_factory=Counter)
    handled: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    deaths: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Of what record a process died, and how often."""

    def __post_init__(self) -> None:
        self.broker = MemoryBroker({TOPIC: self.partitions, DEAD: 1})

    def write(self, partition: int, fate: str, failures: int) -> None:
        """One record that is good, invalid, unreadable, lethal (a kill) or buggy (an unknown error), after failures."""
        partition %= self.partitions
        value = encode(received(native_id=f"p-{len(self.fates)}"), source="ingestor")
        record = Outbound(TOPIC, *value) if fate != "unreadable" else Outbound(TOPIC, b"k", b"{")
        written = self.broker.append(Partition(TOPIC, partition), record)
        self.fates[partition, written.offset] = fate
        self.failures[partition, written.offset] = failures

    @property
    def put_aside(self) -> set[tuple[int, int]]:
        """Where the dead letters came from."""
        told = [dict(letter.headers) for letter in self.broker.records(DEAD)]
        return {(int(each["dead_letter_partition"]), int(each["dead_letter_offset"])) for each in told}

    @property
    def quarantined(self) -> Counter[tuple[int, int]]:
        """Where the dead letters came from that are told to kill the process."""
        told = [dict(letter.headers) for letter in self.broker.records(DEAD)]
        return Counter(
            (int(each["dead_letter_partition"]), int(each["dead_letter_offset"]))
            for each in told
            if each["dead_letter_reason"] == b"kills_the_process"
        )

    @property
    def notes(self) -> dict[int, str]:
        """What is noted beside the group's marks."""
        return {p.partition: note for p, note in self.broker.group(GROUP).notes.items() if note}

    @property
    def committed(self) -> dict[int, int]:
        """The group's marks."""
        return {p.partition: offset for p, offset in self.broker.group(GROUP).committed.items()}

    def check_marks(self) -> None:
        """No committed offset is past a record that is neither handled nor put aside."""
        put_aside = self.put_aside
        for partition, mark in self.committed.items():
            for offset in range(mark):
                assert offset in self.handled[partition] or (partition, offset) in put_aside

    def is_finished(self) -> bool:
        """Everything that was written is committed."""
        sizes = {p.partition: len(self.broker.log(p)) for p in self.broker.partitions(TOPIC)}
        return self.committed == {partition: size for partition, size in sizes.items() if size}

    def check_end(self) -> None:
        """Each record met its fate, and each partition was first handled in its order."""
        put_aside = self.put_aside
        for (partition, offset), fate in self.fates.items():
            assert (offset in self.handled[partition]) == (fate == "good")
            assert ((partition, offset) in put_aside) == (fate != "good")
        for offsets in self.handled.values():
            first_times = list(dict.fromkeys(offsets))
            assert first_times == sorted(first_times)


class MortalSubscription(MemorySubscription):
    """Dies before or after a commit, and takes no part in anything after its death."""

    def __init__(self, story: Story, life: Life) -> None:
        super().__init__(story.broker, [TOPIC], group=GROUP)
        self._story = story
        self._life = life

    async def commit(self, offsets: Mapping[Partition, int], notes: Mapping[Partition, str] | None = None) -> None:
        self._life.step()
        await super().commit(offsets, notes)
        self._story.check_marks()
        self._life.step()

    async def revoke(self) -> None:
        try:
            await super().revoke()
        except DiedError:
            self.expire()


class Process:
    """A consumer with all that dies with it."""

    def __init__(self, story: Story, **settings: Any) -> None:
        self.life = Life()
        self._story = story
        self.subscription = MortalSubscription(story, self.life)
        self.consumer = Consumer(
            self.subscription,
            self._handle,
            self._publish,
            group=GROUP,
            settings=SETTINGS.model_copy(update=settings),
            backoff=Backoff(first=timedelta(), limit=timedelta()),
        )

    async def start(self) -> None:
        """Join the group."""
        await self.subscription.start(self.consumer._on_assigned, self.consumer._on_revoked)

    async def turn(self) -> None:
        """One turn, or death."""
        try:
            await self.consumer.turn()
        except DiedError:
            self.subscription.expire()
        except ZeroDivisionError:
            await self.leave()
            self.life.over = True

    async def leave(self) -> None:
        """An orderly end."""
        stop = asyncio.Event()
        stop.set()
        self.subscription.start = _joined_already  # type: ignore[assignment]  # run() would join once more
        try:
            await self.consumer.run(stop)
        except DiedError:
            self.subscription.expire()

    async def _handle(self, batch: Sequence[Inbound]) -> None:
        self.life.step()
        await asyncio.sleep(0)
        places = [(inbound.record.partition, inbound.record.offset) for inbound in batch]
        for place in places:
            if self._story.failures[place] > 0:
                self._story.failures[place] -= 1
                raise Transient("not now")
            self._meet(place)
        self.life.step()
        for partition, offset in places:
            self._story.handled[partition].append(offset)
        self.life.step()

    def _meet(self, place: tuple[int, int]) -> None:
        fate = self._story.fates[place]
        if fate == "invalid":
            raise Invalid("odd", "as the story says")
        if fate in KILLERS:
            self._story.deaths[place] += 1
        if fate == "lethal":
            self.life.over = True
            raise DiedError
        if fate == "buggy":
            raise ZeroDivisionError

    async def _publish(self, letters: Sequence[Outbound]) -> None:
        self.life.step()
        await asyncio.sleep(0)
        if self._story.broker.faults.take("failed_writes"):
            raise WriteFailed("refused")
        for letter in letters:
            self.life.step()
            self._story.broker.append(Partition(DEAD, 0), letter)
        if self._story.broker.faults.take("unknown_writes"):
            raise WriteFailed("no answer")


async def _joined_already(*_: object) -> None:
    """The process has joined before."""
