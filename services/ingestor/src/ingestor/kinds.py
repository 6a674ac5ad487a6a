"""The kinds of things that are taken in, and how a batch of one of them is made ready for Kafka."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from ingestor.answers import AcceptedCorrection, AcceptedFact, AcceptedMention, ItemResult
from ingestor.corrections import SubmittedCorrection, correction_event
from ingestor.parsing import Item, Parsed
from ingestor.submissions import SubmittedFact, SubmittedMention, fact_event, to_event
from shenava import topics
from shenava.codec import encode
from shenava.errors import Invalid
from shenava.events import FactRecorded, MentionCorrected, MentionReceived
from shenava.kafka.ports import Outbound
from shenava.topics import Topic

NAME = "ingestor"

S = TypeVar("S", bound=SubmittedMention | SubmittedFact | SubmittedCorrection)


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """One kind of submission.

    Attributes:
        name: as metrics call it.
        path: its route.
        scope: what an API key needs.
        event: makes the event of one, given the time of arrival and the time an envelope tells.
        answer: what the caller of a single one is told of its event.
        result: what the caller of a bulk is told of the event of an item.
    """

    name: str
    path: str
    submission: type[S]
    topic: Topic
    scope: str
    event: Callable[[S, datetime, datetime | None], Any]
    answer: Callable[[Any], AcceptedMention | AcceptedFact | AcceptedCorrection]
    result: Callable[[Item[S], Any], ItemResult]


def _mention_answer(event: MentionReceived) -> AcceptedMention:
    return AcceptedMention(mention_id=event.mention.mention_id, event_id=event.event_id)


def _mention_result(item: Item[SubmittedMention], event: MentionReceived) -> ItemResult:
    told = event.mention.mention_id, event.event_id
    return ItemResult(index=item.index, line=item.line, status="accepted", mention_id=told[0], event_id=told[1])


def _fact_answer(event: FactRecorded) -> AcceptedFact:
    return AcceptedFact(fact_id=event.fact_id, event_id=event.event_id)


def _fact_result(item: Item[SubmittedFact], event: FactRecorded) -> ItemResult:
    told = event.fact_id, event.event_id
    return ItemResult(index=item.index, line=item.line, status="accepted", fact_id=told[0], event_id=told[1])


def _correction_answer(event: MentionCorrected) -> AcceptedCorrection:
    return AcceptedCorrection(mention_id=event.mention_id, event_id=event.event_id)


def _correction_result(item: Item[SubmittedCorrection], event: MentionCorrected) -> ItemResult:
    told = event.mention_id, event.event_id
    return ItemResult(index=item.index, line=item.line, status="accepted", mention_id=told[0], event_id=told[1])


MENTION = Kind(
    "mention",
    "/v1/mentions",
    SubmittedMention,
    topics.MENTIONS_RECEIVED,
    "mentions:write",
    to_event,
    _mention_answer,
    _mention_result,
)
FACT = Kind(
    "fact",
    "/v1/facts",
    SubmittedFact,
    topics.FACTS_RECORDED,
    "facts:write",
    fact_event,
    _fact_answer,
    _fact_result,
)
CORRECTION = Kind(
    "correction",
    "/v1/corrections",
    SubmittedCorrection,
    topics.MENTIONS_CORRECTED,
    "corrections:write",
    correction_event,
    _correction_answer,
    _correction_result,
)
KINDS = (MENTION, FACT, CORRECTION)


@dataclass(frozen=True, slots=True)
class Batch:
    """A request ready to be written.

    Attributes:
        records: of the accepted items, in their order.
        outcomes: of every item, in its order: its event, or why it is refused.
    """

    records: list[Outbound]
    outcomes: list[tuple[Item[Any], Any]]

    @property
    def refused(self) -> int:
        """How many items are refused."""
        return len(self.outcomes) - len(self.records)


def prepare(parsed: Parsed[S], kind: Kind[S], now: datetime, brands: frozenset[str] | None) -> Batch:
    """The records of what is acceptable in ``parsed``, received at ``now`` from a key limited to ``brands``."""
    batch = Batch([], [])
    topic = kind.topic.name
    for item in parsed.items:
        try:
            event = _event(item, kind, now, brands)
            key, value, headers = encode(event, source=NAME)
        except Invalid as refused:
            batch.outcomes.append((item, refused))
        else:
            batch.records.append(Outbound(topic, key, value, headers))
            batch.outcomes.append((item, event))
    return batch


def item_result(item: Item[S], outcome: Any, kind: Kind[S]) -> ItemResult:
    """What the answer to a bulk says of one item, whose ``outcome`` is its event or an :class:`Invalid`."""
    if not isinstance(outcome, Invalid):
        return kind.result(item, outcome)
    return ItemResult(
        index=item.index,
        line=item.line,
        status="refused",
        reason=outcome.reason,
        pointer=outcome.pointer or "",
        detail=outcome.detail,
    )


def _event(item: Item[S], kind: Kind[S], now: datetime, brands: frozenset[str] | None) -> Any:
    submitted = item.outcome
    if isinstance(submitted, Invalid):
        raise submitted
    if brands is not None and submitted.brand not in brands:
        allowed = ", ".join(sorted(brands))
        detail = f"this API key may not speak for {submitted.brand!r}; it may for: {allowed}"
        raise Invalid("brand_not_allowed", detail, pointer="/brand")
    return kind.event(submitted, now, item.said_at)
