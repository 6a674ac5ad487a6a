"""The services of the loop without servers: their pure cores around stores, topics and outboxes in memory.

A handler is one transaction: it happens wholly or not at all. What a crash does is up to whoever calls it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from zlib import crc32

from metrics_api import lifecycle
from metrics_api.lifecycle import Extent, Folded
from metrics_api.projection import changes
from metrics_api.rows import IssueEventRow, SlaRow
from metrics_memory import Kept
from router.commands import Command
from router.lifecycle import Changed, apply
from router.notices import sla_notice
from router.recording import Happened, _addressed, _notices
from router_memory import BOOK, Memory
from shenava import topics
from shenava.events import Event, IssueEvent, IssueRouted, MentionClassified, SlaEvent
from sla_watcher.reckoning import Known
from sla_world import STANDARD, World
from webhook_memory import Queue

Row = tuple[str, Event]
"""A staged event and its topic."""


class Topic:
    """A topic's partitions; the events of one key are in one of them, in their order."""

    def __init__(self, partitions: int) -> None:
        self.partitions: list[list[Event]] = [[] for _ in range(partitions)]

    def append(self, event: Event) -> None:
        """Write ``event`` at the end of its key's partition."""
        self.partitions[crc32(event.key.encode()) % len(self.partitions)].append(event)

    @property
    def events(self) -> list[Event]:
        """All of them, each partition in its order."""
        return [event for partition in self.partitions for event in partition]


class Router:
    """Mentions become issues, commands and clocks are told to the endpoint."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.queue = Queue()
        self.outbox: list[Row] = []

    def take(self, batch: Sequence[Event], now: datetime) -> None:
        """Handle a batch of mentions and of what clocks said."""
        folded = self.memory.take([event for event in batch if isinstance(event, MentionClassified)], now)
        for story in folded.stories.values():
            self._record(Happened(story.issue, story.events), now)
        self.outbox += [(topics.MENTIONS_PASSED.name, event) for event in folded.passed]
        for event in batch:
            if isinstance(event, SlaEvent) and (notice := sla_notice(event)) is not None:
                self.queue.enqueue(notice, now)

    def command(self, issue_id: str, command: Command, now: datetime) -> None:
        """Carry out ``command`` where it is possible."""
        issue, history = self.memory.board.issues[issue_id], self.memory.history[issue_id]
        routed = [event for event in history if isinstance(event, IssueRouted)][-1]
        done = apply(issue, command, routed=routed, owners=BOOK.owners, by="helpdesk", now=now)
        if isinstance(done, Changed):
            self.memory.board.issues[issue_id] = done.issue
            history += done.events
            self._record(Happened(done.issue, done.events, done.handover), now)

    def _record(self, happened: Happened, now: datetime) -> None:
        self.outbox += [(topic.name, event) for topic, event in _addressed(happened)]
        for notice in _notices(happened):
            self.queue.enqueue(notice, now)


class Clocks:
    """One world of clocks for each issue.

    Attributes:
        told: everything that was ever staged.
    """

    def __init__(self) -> None:
        self.worlds: dict[str, World] = {}
        self.outbox: list[Row] = []
        self.told: list[SlaEvent] = []

    def take(self, batch: Sequence[Event], now: datetime) -> None:
        """Hear a batch of what happened to issues, in any order."""
        heard: defaultdict[str, list[IssueEvent]] = defaultdict(list)
        for event in batch:
            if isinstance(event, IssueEvent):
                heard[event.issue_id].append(event)
        for issue_id, events in heard.items():
            if issue_id not in self.worlds:
                self.worlds[issue_id] = World(STANDARD)
                self.worlds[issue_id].known = Known(issue_id)
            self.worlds[issue_id].now = now
            self.worlds[issue_id].hear(*events)
        self._stage()

    def watch(self, now: datetime) -> None:
        """Fire what is due."""
        for world in self.worlds.values():
            world.now = now
            world.watch()
        self._stage()

    def _stage(self) -> None:
        for world in self.worlds.values():
            self.told += world.told
            self.outbox += [(topics.SLA_ESCALATIONS.name, event) for event in world.told]
            world.told = []


class Numbers:
    """The projection: counts of mentions, issues folded from their events, what clocks said."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.issue_events: dict[tuple[str, int], IssueEventRow] = {}
        self.sla: dict[str, SlaRow] = {}

    def take(self, batch: Sequence[Event], _now: datetime) -> None:
        """Project a batch, in any order."""
        self.kept.project(batch)
        asked = changes(batch)
        for row in asked.issue_events:
            self.issue_events.setdefault((row.issue_id, row.sequence), row)
        for said in asked.sla:
            self.sla.setdefault(said.event_id, said)

    def tables(self) -> tuple[object, ...]:
        """All that numbers are made from, in an order of its own."""
        kept = self.kept
        return kept.mentions, kept.passed, kept.hours, kept.days, self.sla, self._issues()

    def _issues(self) -> dict[str, Folded]:
        stories: defaultdict[str, list[IssueEventRow]] = defaultdict(list)
        for row in self.issue_events.values():
            stories[row.issue_id].append(row)
        return {issue_id: lifecycle.fold(_extent(rows), _telling(rows)) for issue_id, rows in stories.items()}


def _extent(rows: Sequence[IssueEventRow]) -> Extent:
    first, last = min(row.occurred_at for row in rows), max(row.sequence for row in rows)
    return Extent(rows[0].issue_id, min(row.brand for row in rows), first, last, len(rows))


def _telling(rows: Iterable[IssueEventRow]) -> list[IssueEventRow]:
    return [row for row in rows if row.kind != "mention-added"]
