"""The whole loop in memory: topics, the services between them, how far each has read, and what a crash costs."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from loop_services import Clocks, Numbers, Router, Row, Topic
from shenava import topics
from shenava.events import Event, MentionClassified
from shenava.testing.builders import BASE, classified
from shenava.webhooks.outcome import Answer
from shenava.webhooks.schedule import SCHEDULE

MENTIONS, PASSED = topics.MENTIONS_CLASSIFIED.name, topics.MENTIONS_PASSED.name
LIFECYCLE, ESCALATIONS = topics.ISSUES_LIFECYCLE.name, topics.SLA_ESCALATIONS.name
READ = {
    "router": (MENTIONS, ESCALATIONS),
    "clocks": (LIFECYCLE,),
    "numbers": (MENTIONS, PASSED, LIFECYCLE, ESCALATIONS),
}
"""Who reads what."""
READINGS = [(service, name) for service, names in READ.items() for name in names]
ALL = 10**6

Fate = Literal["done", "crash before commit", "crash after commit"]
"""A crash after the commit comes before the offsets are committed, or before what was sent is removed."""
Place = tuple[int, int]
"""A partition and an offset in it."""


@dataclass
class LoopWorld:
    """PostgreSQL's time never goes back; each service reads and writes at its own pace.

    Attributes:
        marks: by service, topic and partition, the committed offset.
        projected: what the numbers are made from so far.
    """

    now: datetime = BASE
    topics: dict[str, Topic] = field(
        default_factory=lambda: {name: Topic(2) for name in (MENTIONS, PASSED, LIFECYCLE, ESCALATIONS)}
    )
    teams: defaultdict[str, Topic] = field(default_factory=lambda: defaultdict(lambda: Topic(1)))
    router: Router = field(default_factory=Router)
    clocks: Clocks = field(default_factory=Clocks)
    numbers: Numbers = field(default_factory=Numbers)
    marks: defaultdict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    projected: set[tuple[str, int, int]] = field(default_factory=set)
    said: list[MentionClassified] = field(default_factory=list)

    def say(self, **given: Any) -> None:
        """Put one more form of a mention on its topic."""
        self.said.append(classified(**given))
        self.topics[MENTIONS].append(self.said[-1])

    def read(self, service: str, name: str, partition: int, most: int, fate: Fate) -> bool:
        """Let ``service`` handle what comes next; whether it did."""
        at = self.marks[service, name, partition]
        end = min(at + most, len(self.topics[name].partitions[partition]))
        if at == end or fate == "crash before commit":
            return False
        self.hand(service, name, [(partition, place) for place in range(at, end)])
        if fate == "done":
            self.marks[service, name, partition] = end
        return True

    def read_again(self, service: str, name: str) -> None:
        """Set the offsets back to the beginning."""
        for partition in range(len(self.topics[name].partitions)):
            self.marks[service, name, partition] = 0

    def hand(self, service: str, name: str, places: Sequence[Place]) -> None:
        """Have ``service`` handle what lies there as one batch, whatever it has read."""
        handlers: dict[str, Callable[[Sequence[Event], datetime], None]] = {
            "router": self.router.take,
            "clocks": self.clocks.take,
            "numbers": self.numbers.take,
        }
        handlers[service]([self.topics[name].partitions[partition][at] for partition, at in places], self.now)
        if service == "numbers":
            self.projected |= {(name, partition, at) for partition, at in places}

    def relay(self, service: Literal["router", "clocks"], most: int, fate: Fate) -> bool:
        """Send what is staged first; whether there was anything."""
        rows: list[Row] = self.router.outbox if service == "router" else self.clocks.outbox
        if not rows or fate == "crash before commit":
            return False
        for name, event in rows[:most]:
            (self.topics.get(name) or self.teams[name]).append(event)
        if fate == "done":
            del rows[:most]
        return True

    def flow(self) -> bool:
        """Send all that is staged, and let everybody handle all there is; whether there was anything."""
        return any([*self._turns()])

    def drain(self) -> None:
        """Let everybody work until nobody has anything to do; the receiver fails from now on."""
        self.clocks.watch(self.now)
        while self.flow():
            self.clocks.watch(self.now)
        at = self.now
        for _ in range((len(SCHEDULE) + 1) * len(self.router.queue.deliveries)):
            at += timedelta(days=3)  # after every retry, lease and pause
            self.router.queue.enable()
            while self.router.queue.attempt(Answer(500), at, 0.5):
                self.router.queue.enable()
            if not self.router.queue.pending():
                break

    def _turns(self) -> Iterator[bool]:
        yield self.relay("router", ALL, "done")
        yield self.relay("clocks", ALL, "done")
        for service, name in READINGS:
            for partition in range(len(self.topics[name].partitions)):
                yield self.read(service, name, partition, ALL, "done")
