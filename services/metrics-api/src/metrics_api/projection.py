"""From events to rows and to what they add and take away. Pure.

The same set of events gives the same tables, in whatever order, however often and in whatever batches they come: of a
mention the latest revision stands (``revisions.py``), an issue is folded from its events in their own order, and a row
that is counted and then revised takes its old count away.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from metrics_api.rows import (
    DELETED,
    NONE,
    CorrectionRow,
    CountKey,
    FactRow,
    IssueEventRow,
    Json,
    MentionRow,
    PassedRow,
    SlaRow,
)
from shenava.errors import Invalid
from shenava.events import (
    Event,
    FactRecorded,
    IssueEvent,
    MentionClassified,
    MentionCorrected,
    MentionPassed,
    SlaEvent,
)
from shenava.events.mentions import Classification

_encoder = msgspec.json.Encoder()
_STEP_FIELDS = (
    "mention_id", "channel", "language", "intent", "severity", "complaint_at", "starts_clocks", "queue", "resolution",
)  # fmt: skip

Bucket = Callable[[datetime], datetime]


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one lifecycle event says about its issue beyond its kind and time. Neither text nor author."""

    mention_id: str | None = None
    channel: str | None = None
    language: str | None = None
    intent: str | None = None
    severity: str | None = None
    complaint_at: datetime | None = None
    starts_clocks: bool | None = None
    queue: str | None = None
    resolution: str | None = None
    rule_id: str | None = None
    rulebook_version: str | None = None
    fallback: bool | None = None


@dataclass
class Changes:
    """The rows that a batch of events asks for, each kind in the batch's order."""

    mentions: list[MentionRow] = field(default_factory=list)
    passed: list[PassedRow] = field(default_factory=list)
    corrections: list[CorrectionRow] = field(default_factory=list)
    issue_events: list[IssueEventRow] = field(default_factory=list)
    sla: list[SlaRow] = field(default_factory=list)
    facts: list[FactRow] = field(default_factory=list)


def changes(events: Iterable[Event]) -> Changes:
    """The rows of ``events``.

    Raises:
        Invalid: an instant cannot be told in UTC, or an event is of a type no number is made from.
    """
    found = Changes()
    for event in events:
        try:
            match event:
                case MentionClassified():
                    found.mentions.append(mention_row(event))
                case MentionPassed():
                    found.passed.append(passed_row(event))
                case MentionCorrected():
                    found.corrections.append(correction_row(event))
                case IssueEvent():
                    found.issue_events.append(issue_event_row(event))
                case SlaEvent():
                    found.sla.append(sla_row(event))
                case FactRecorded():
                    found.facts.append(fact_row(event))
                case _:
                    raise Invalid("not_projected", f"no number is made from {type(event).__name__}; read other topics")
        except OverflowError as error:
            raise Invalid("instant_out_of_range", f"{event.event_id}: an instant lies outside the calendar") from error
    return found


def mention_row(event: MentionClassified) -> MentionRow:
    """The mention as this revision tells it."""
    mention, verdict = event.mention, event.classification
    deleted = mention.change == "deleted"
    said = DELETED if deleted else outcome(verdict)
    intent = NONE if deleted else verdict.intent or NONE
    occurred_at = event.occurred_at.astimezone(UTC)
    return MentionRow(
        mention_id=mention.mention_id,
        brand=event.brand,
        event_id=event.event_id,
        occurred_at=occurred_at,
        change=mention.change,
        posted_at=mention.posted_at.astimezone(UTC),
        received_at=mention.received_at.astimezone(UTC),
        channel=mention.channel,
        language=verdict.language,
        outcome=said,
        intent=intent,
        role=mention.author.role or NONE,
        model=f"{verdict.model}@{verdict.model_version}",
        reworded_at=None if mention.change == "posted" else occurred_at,
        model_language=verdict.language,
        model_outcome=said,
        model_intent=intent,
    )


def passed_row(event: MentionPassed) -> PassedRow:
    """Which revision of which mention was passed, and by which rule."""
    return PassedRow(
        cause_id=event.cause_id,
        mention_id=event.mention_id,
        brand=event.brand,
        rule_id=event.rule_id,
        rulebook_version=event.rulebook_version,
        occurred_at=event.occurred_at.astimezone(UTC),
    )


def correction_row(event: MentionCorrected) -> CorrectionRow:
    """What was corrected, by whom, and when; the reason is for people and stays in the topic."""
    return CorrectionRow(
        event_id=event.event_id,
        mention_id=event.mention_id,
        brand=event.brand,
        sentiment=event.sentiment,
        intent=event.intent,
        language=event.language,
        corrected_by=event.by,
        occurred_at=event.occurred_at.astimezone(UTC),
    )


def outcome(verdict: Classification) -> str:
    """The sentiment, or why there is none; a verdict that says neither is `unexplained`."""
    if verdict.status == "scored" and verdict.sentiment is not None:
        return verdict.sentiment
    return verdict.reason or "unexplained"


def issue_event_row(event: IssueEvent) -> IssueEventRow:
    """The event without the mention's text and author."""
    known = {name: getattr(event, name, None) for name in _STEP_FIELDS}
    decision = getattr(event, "decision", None)
    if decision is not None:
        known |= {
            "rule_id": decision.rule_id,
            "rulebook_version": decision.rulebook_version,
            "fallback": decision.fallback,
        }
    return IssueEventRow(
        issue_id=event.issue_id,
        sequence=event.sequence,
        event_id=event.event_id,
        brand=event.brand,
        kind=_kind(event),
        round=event.round,
        occurred_at=event.occurred_at.astimezone(UTC),
        step=Json(_encoder.encode(Step(**known)).decode()),
    )


def sla_row(event: SlaEvent) -> SlaRow:
    """What a clock said."""
    return SlaRow(
        event_id=event.event_id,
        brand=event.brand,
        issue_id=event.issue_id,
        round=event.round,
        clock=event.clock,
        kind=_kind(event),
        level=getattr(event, "level", NONE),
        policy=event.policy,
        queue=event.queue or NONE,
        severity=event.severity,
        occurred_at=event.occurred_at.astimezone(UTC),
        deadline_at=event.deadline_at.astimezone(UTC),
        kept=getattr(event, "kept", None),
    )


def fact_row(event: FactRecorded) -> FactRow:
    """The fact with its figures as they were written."""
    return FactRow(
        event_id=event.event_id,
        brand=event.brand,
        kind=event.kind,
        fact_id=event.fact_id,
        occurred_at=event.occurred_at.astimezone(UTC),
        figures=Json(_encoder.encode(event.values).decode()),
        attributes=Json(_encoder.encode(event.attributes).decode()),
    )


def _kind(event: Event) -> str:
    """`mention-added` of `shenava.issue.mention-added.v1`."""
    return event.TYPE.split(".")[2]


def deltas(
    after: Mapping[str, MentionRow], held: Mapping[str, MentionRow], bucket: Bucket
) -> list[tuple[CountKey, int]]:
    """What the mentions in ``after`` add to the counts and what those they replace take away, in key order."""
    total: Counter[CountKey] = Counter()
    for mention_id, row in after.items():
        total[count_key(row, bucket)] += 1
        if mention_id in held:
            total[count_key(held[mention_id], bucket)] -= 1
    return sorted((key, count) for key, count in total.items() if count)


def count_key(row: MentionRow, bucket: Bucket) -> CountKey:
    """Where the mention is counted: in the bucket of its author's own time."""
    of = (row.channel, row.language, row.outcome, row.intent, row.role, row.model, row.corrected)
    return CountKey(row.brand, bucket(row.posted_at), *of)


def hour(instant: datetime) -> datetime:
    """The beginning of the hour (UTC) that ``instant``, given in UTC, lies in."""
    return instant.replace(minute=0, second=0, microsecond=0)


def day(instant: datetime) -> datetime:
    """The beginning of the day (UTC) that ``instant``, given in UTC, lies in."""
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)
