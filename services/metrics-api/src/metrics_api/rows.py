"""The rows of the service's tables, field for column, as pure code makes them and the store writes them."""

from datetime import datetime
from typing import NamedTuple, NewType

Json = NewType("Json", str)
"""A text that holds JSON, for a `jsonb` column."""

NONE = "none"
"""Stands where a dimension has no value (not judged, not routed, not known), so that it can be part of a key."""

DELETED = "deleted"
"""The outcome of a mention that its author took back: kept for the proof, left out of every number."""

_RANK = {"posted": 0, "edited": 1, "deleted": 2}


class MentionRow(NamedTuple):
    """A mention in its latest revision.

    Attributes:
        posted_at: the author's own time, the earliest that any revision tells.
        outcome: the sentiment, or the reason why there is none; as `language` and `intent` what the mention counts by.
        model: name and version of the model that spoke.
        reworded_at: the latest edit or deletion heard of; corrections made before it spoke of another text.
        model_outcome: what the model said, as `model_language` and `model_intent`, whatever a person said since.
        outcome_by: who corrected it, as `language_by` and `intent_by`; None where nobody did.
        corrected_at: the latest correction that counts.
        corrected: a label it counts by is not the model's.
    """

    mention_id: str
    brand: str
    event_id: str
    occurred_at: datetime
    change: str
    posted_at: datetime
    received_at: datetime
    channel: str
    language: str
    outcome: str
    intent: str
    role: str
    model: str
    reworded_at: datetime | None
    model_language: str
    model_outcome: str
    model_intent: str
    language_by: str | None = None
    outcome_by: str | None = None
    intent_by: str | None = None
    corrected_at: datetime | None = None
    corrected: bool = False

    @property
    def revision(self) -> tuple[datetime, int, str]:
        """The order of the revisions of one mention; a deletion beats what happened at the same instant."""
        return self.occurred_at, _RANK[self.change], self.event_id


class PassedRow(NamedTuple):
    """One revision of a mention that nobody has to act on; `cause_id` is the event that told the revision."""

    cause_id: str
    mention_id: str
    brand: str
    rule_id: str
    rulebook_version: str
    occurred_at: datetime


class CorrectionRow(NamedTuple):
    """What a person said of a mention; a label that is None was left as it is."""

    event_id: str
    mention_id: str
    brand: str
    sentiment: str | None
    intent: str | None
    language: str | None
    corrected_by: str
    occurred_at: datetime


class CountKey(NamedTuple):
    """What mentions are counted by, in one hour or one day (UTC)."""

    brand: str
    bucket: datetime
    channel: str
    language: str
    outcome: str
    intent: str
    role: str
    model: str
    corrected: bool


class IssueEventRow(NamedTuple):
    """One event of an issue's life; `step` holds the facts that its kind brings (:class:`Step`)."""

    issue_id: str
    sequence: int
    event_id: str
    brand: str
    kind: str
    round: int
    occurred_at: datetime
    step: Json


class IssueRow(NamedTuple):
    """An issue as its events, put in their order, leave it.

    Attributes:
        state: `open`, `routed`, `acknowledged`, `moved_private`, `resolved`, `closed`; `unknown` while its opening
            has not been seen.
        complaint_at: the first complaint's own time; the earliest known event's while the opening has not been seen.
        mention_id: the mention that opened it.
        fallback: no ownership rule matched; the mandatory fallback took it.
        seen: how many of its events are here; all are when it equals `last_sequence`.
    """

    issue_id: str
    brand: str
    state: str
    complaint_at: datetime
    mention_id: str | None
    channel: str
    language: str
    intent: str
    severity: str
    queue: str
    rule_id: str | None
    rulebook_version: str | None
    fallback: bool
    last_sequence: int
    seen: int


class RoundRow(NamedTuple):
    """One round of an issue: the instants both promises are judged by.

    Attributes:
        starts_clocks: False for the first round of an issue from the backfill lane, which no promise covers.
        routed_at: when it was handed off; a reopened issue that is not routed anew still has its owner.
        ended_at: when it was over: closed, or followed by the next round.
        paused_us: microseconds of ended pauses between the complaint and the resolution.
        paused_since_handoff_us: the same from the hand-off on.
        paused_since: when the pause that still lasts began.
    """

    issue_id: str
    round: int
    brand: str
    complaint_at: datetime
    mention_id: str | None
    channel: str
    language: str
    intent: str
    severity: str
    queue: str
    rule_id: str | None
    rulebook_version: str | None
    starts_clocks: bool
    routed_at: datetime | None
    acknowledged_at: datetime | None
    moved_private_at: datetime | None
    resolved_at: datetime | None
    resolution: str | None
    ended_at: datetime | None
    paused_us: int
    paused_since_handoff_us: int
    paused_since: datetime | None


class SlaRow(NamedTuple):
    """One event of a clock.

    Attributes:
        kind: `warned`, `breached`, `escalated`, `met`, `verdict-revised`.
        level: the rung of the ladder that was reached, for the first three.
        kept: whether the promise was kept, for the last two.
    """

    event_id: str
    brand: str
    issue_id: str
    round: int
    clock: str
    kind: str
    level: str
    policy: str
    queue: str
    severity: str
    occurred_at: datetime
    deadline_at: datetime
    kept: bool | None


class FactRow(NamedTuple):
    """One business fact; `figures` and `attributes` are JSON objects."""

    event_id: str
    brand: str
    kind: str
    fact_id: str
    occurred_at: datetime
    figures: Json
    attributes: Json
