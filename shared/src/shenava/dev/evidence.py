"""All that is known of one brand once the loop has come to rest: what the oracle judges. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from shenava.events import (
    IssueAcknowledged,
    IssueClosed,
    IssueEvent,
    IssueOpened,
    IssueResolved,
    MentionClassified,
    MentionPassed,
    MentionReceived,
    SlaEvent,
    SlaFired,
)


@dataclass
class Told:
    """What the senders of one brand were told; only what was answered with success is promised.

    Attributes:
        accepted: event ids of mentions that were answered with 202.
        refused: how many requests were answered with an error.
        unknown: how many got no answer: the mention may be on the topic or not.
        matters: the ids of all mentions that were tried, by the matter they are about; ``accepted`` or not.
        acknowledged: the issues whose acknowledgement by a team the router has confirmed.
    """

    accepted: set[str] = field(default_factory=set)
    refused: int = 0
    unknown: int = 0
    matters: dict[str, set[str]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)


class Timer(NamedTuple):
    """One timer as sla-watcher's table has it."""

    issue_id: str
    round: int
    clock: str
    level: str
    fired: bool
    cancelled: bool


class Delivery(NamedTuple):
    """One delivery as the router's table has it."""

    message_id: str
    endpoint_id: str
    issue_id: str
    type: str
    state: str


@dataclass(frozen=True)
class Tables:
    """What the services' tables have of one brand.

    Attributes:
        history: sequence numbers by issue, of the router.
        homes: issue by mention, of the router.
        staged: rows that wait in an outbox, by service and of all brands.
        clocks: (issue, round, clock) of sla-watcher.
        counted: mentions of metrics-api.
        hours: what its hourly counts add up to.
        projected: (sequence numbers seen, highest) by issue, of metrics-api.
        verdicts: event ids of its rows about clocks.
        passed: causes of its rows about mentions that nobody has to act on.
    """

    history: Mapping[str, frozenset[int]]
    homes: Mapping[str, str]
    deliveries: Sequence[Delivery]
    staged: Mapping[str, int]
    clocks: Collection[tuple[str, int, str]]
    timers: Sequence[Timer]
    counted: Collection[str]
    hours: int
    projected: Mapping[str, tuple[int, int]]
    verdicts: Collection[str]
    passed: Collection[str]


@dataclass(frozen=True)
class Evidence:
    """All that is known of one brand once everything has come to rest.

    Attributes:
        levels: the levels that each clock of an issue that nobody answers must have reached.
        taken: the message ids of the webhooks that the receiver took.
        routes_to: the endpoint that is told of every route.
    """

    told: Told
    received: Sequence[MentionReceived]
    classified: Sequence[MentionClassified]
    passed: Sequence[MentionPassed]
    lifecycle: Sequence[IssueEvent]
    clocks: Sequence[SlaEvent]
    tables: Tables
    taken: Collection[str]
    levels: Collection[str]
    routes_to: str

    @cached_property
    def issues(self) -> frozenset[str]:
        """The issues that were opened."""
        return frozenset(event.issue_id for event in self.lifecycle if isinstance(event, IssueOpened))

    @cached_property
    def fired(self) -> list[SlaFired]:
        """The levels that were reached."""
        return [event for event in self.clocks if isinstance(event, SlaFired)]

    @cached_property
    def unanswered(self) -> frozenset[str]:
        """The issues that no team has touched: their ladders are climbed to the top."""
        answers = IssueAcknowledged | IssueResolved | IssueClosed
        return self.issues - {event.issue_id for event in self.lifecycle if isinstance(event, answers)}
