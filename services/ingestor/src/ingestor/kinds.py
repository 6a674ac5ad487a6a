"""The two kinds of things that are taken in, and how a batch of either is made ready for Kafka."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from ingestor.answers import AcceptedFact, AcceptedMention, ItemResult
from ingestor.parsing import Item, Parsed
from ingestor.submissions import SubmittedFact, SubmittedMention, fact_event, to_event
from shenava import topics
from shenava.codec import encode
from shenava.errors import Invalid
from shenava.events import FactRecorded, MentionReceived
from shenava.kafka.ports import Outbound
from shenava.topics import Topic

NAME = "ingestor"

S = TypeVar("S", bound=SubmittedMention | SubmittedFact)
E = TypeVar("E", MentionReceived, FactRecorded)
Accepted = AcceptedMention | AcceptedFact


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """One kind of submission.

    Attributes:
        name: as metrics call it.
        path: its route.
        scope: what an API key needs.
        event: makes the event of one, given the time of arrival and the time an envelope tells.
        answer: what its caller is told.
    """

    name: str
    path: str
    submission: type[S]
    topic: Topic
    scope: str
    event: Callable[[S, datetime, datetime | None], Any]
    answer: Callable[[Any], Accepted]


MENTION = Kind(
    "mention",
    "/v1/mentions",
    SubmittedMention,
    topics.MENTIONS_RECEIVED,
    "mentions:write",
    to_event,
    lambda event: AcceptedMention(mention_id=event.mention.mention_id, event_id=event.event_id),
)
FACT = Kind(
    "fact",
    "/v1/facts",
    SubmittedFact,
    topics.FACTS_RECORDED,
    "facts:write",
    fact_event,
    lambda event: AcceptedFact(fact_id=event.fact_id, event_id=event.event_id),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """A request ready to be written.

    Attributes:
        records: of the accepted items, in their order.
        outcomes: of every item, in its order: what to answer, or why it is refused.
    """

    records: list[Outbound]
    outcomes: list[tuple[Item[Any], Accepted | Invalid]]

    @property
    def refused(self) -> int:
        """How many items are refused."""
        return len(self.outcomes) - len(self.records)


def prepare(parsed: Parsed[S], kind: Kind[S], now: datetime, brands: frozenset[str] | None) -> Batch:
    """The records of what is acceptable in ``parsed``, received at ``now`` from a key limited to ``brands``."""
    batch = Batch([], [])
    for item in parsed.items:
        try:
            event = _event(item, kind, now, brands)
            record = Outbound(kind.topic.name, *encode(event, source=NAME))
        except Invalid as refused:
            batch.outcomes.append((item, refused))
        else:
            batch.records.append(record)
            batch.outcomes.append((item, kind.answer(event)))
    return batch


def item_result(item: Item[Any], outcome: Accepted | Invalid) -> ItemResult:
    """What the answer to a bulk says of one item."""
    if isinstance(outcome, Invalid):
        return ItemResult(
            index=item.index,
            line=item.line,
            status="refused",
            reason=outcome.reason,
            pointer=outcome.pointer or "",
            detail=outcome.detail,
        )
    return ItemResult(index=item.index, line=item.line, status="accepted", **msgspec.structs.asdict(outcome))


def _event(item: Item[S], kind: Kind[S], now: datetime, brands: frozenset[str] | None) -> Any:
    if isinstance(item.outcome, Invalid):
        raise item.outcome
    if brands is not None and item.outcome.brand not in brands:
        allowed = ", ".join(sorted(brands))
        detail = f"this API key may not speak for {item.outcome.brand!r}; it may for: {allowed}"
        raise Invalid("brand_not_allowed", detail, pointer="/brand")
    return kind.event(item.outcome, now, item.said_at)
