"""From a number down to the mentions and issues behind it, page by page in the order of time."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from metrics_api.catalogue import Evidence
from metrics_api.question import Question
from metrics_api.reading import (
    FORGOTTEN,
    LEVEL_KINDS,
    PASSED,
    Condition,
    complaints,
    incomplete,
    narrowed,
    placed,
    unowned,
)
from metrics_api.rows import DELETED
from metrics_api.tables import issue_rounds, issues, mentions, sla_events
from shenava.db.database import Transaction
from shenava.errors import Invalid
from shenava.events.base import Instant

Mark = tuple[datetime, str]

_Storable = Annotated[str, Meta(pattern="^[^\x00]+$")]


@dataclass(frozen=True)
class Item:
    """One thing that a number was made from.

    Attributes:
        at: the instant that put it into its bucket.
        key: unique among the things behind one number.
        detail: what it was counted by, and what it was judged by.
    """

    at: datetime
    key: str
    mention_id: str | None
    issue_id: str | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some of the items, and the mark to go on from when there are more."""

    items: list[Item]
    following: str | None


async def page(tx: Transaction, question: Question, *, after: Mark | None, most: int, as_of: datetime) -> Page:
    """At most ``most`` of the things behind the number that ``question`` asks for, those after ``after``."""
    inner = _EVIDENCE[question.metric.evidence](question, as_of).subquery()
    chosen = sa.select(inner).order_by(inner.c.at, inner.c.key).limit(most + 1)
    if after is not None:
        chosen = chosen.where(sa.tuple_(inner.c.at, inner.c.key) > sa.tuple_(*after))
    found = [Item(*row) for row in await tx.sql.execute(chosen)]
    items = found[:most]
    return Page(items, cursor((items[-1].at, items[-1].key)) if len(found) > most else None)


def cursor(mark: Mark) -> str:
    """The mark as an opaque text for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(mark)).decode().rstrip("=")


def mark_of(text: str) -> Mark:
    """The mark that :func:`cursor` made.

    Raises:
        Invalid: it is none of ours.
    """
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        at, key = msgspec.json.decode(packed, type=tuple[Instant, _Storable])
        return at.astimezone(UTC), key
    except (ValueError, OverflowError) as error:
        detail = "take the cursor from `next` of the page before"
        raise Invalid("unknown_cursor", detail, pointer="/query/cursor") from error


def _items(table: sa.FromClause, at: str, key: Any, details: str, *conditions: Condition) -> sa.Select[Any]:
    """The items in the columns of :class:`Item`."""
    pairs = [part for name in details.split() for part in (sa.literal(name, sa.Text), table.c[name])]
    columns = (
        table.c[at].label("at"),
        sa.cast(key, sa.Text).label("key"),
        (table.c.mention_id if "mention_id" in table.c else sa.cast(sa.null(), sa.Text)).label("mention_id"),
        (table.c.issue_id if "issue_id" in table.c else sa.cast(sa.null(), sa.Text)).label("issue_id"),
        sa.func.json_build_object(*pairs, type_=sa.JSON).label("detail"),
    )
    return sa.select(*columns).where(*conditions)


_OF_MENTION = (
    "channel language outcome intent role model event_id corrected corrected_at"
    " model_language model_outcome model_intent language_by outcome_by intent_by"
)
_OF_PLACED = f"{_OF_MENTION} place passed_by"
_OF_ISSUE = "state queue severity channel language intent rule_id rulebook_version fallback"
_OF_ROUND = (
    "round queue severity channel language intent rule_id rulebook_version"
    " routed_at acknowledged_at resolved_at ended_at"
)
_OF_LEVEL = "clock kind level policy round queue severity deadline_at"


def _mentions(question: Question, _: datetime) -> sa.Select[Any]:
    stands = mentions.c.outcome != DELETED
    return _items(
        mentions, "posted_at", mentions.c.mention_id, _OF_MENTION, *narrowed(mentions, "posted_at", question), stands
    )


def _issues(question: Question, _: datetime) -> sa.Select[Any]:
    return _items(issues, "complaint_at", issues.c.issue_id, _OF_ISSUE, *narrowed(issues, "complaint_at", question))


def _fallback(question: Question, as_of: datetime) -> sa.Select[Any]:
    return _issues(question, as_of).where(issues.c.fallback)


def _rounds(question: Question, _: datetime) -> sa.Select[Any]:
    key = issue_rounds.c.issue_id + "/" + sa.cast(issue_rounds.c.round, sa.Text)
    promised = [*narrowed(issue_rounds, "complaint_at", question), issue_rounds.c.starts_clocks]
    return _items(issue_rounds, "complaint_at", key, _OF_ROUND, *promised)


def _levels(question: Question, _: datetime) -> sa.Select[Any]:
    reached = sla_events.c.kind.in_(LEVEL_KINDS)
    return _items(
        sla_events,
        "occurred_at",
        sla_events.c.event_id,
        _OF_LEVEL,
        *narrowed(sla_events, "occurred_at", question),
        reached,
    )


def _in_places(table: sa.Subquery, question: Question, *places: str) -> sa.Select[Any]:
    asked = [*narrowed(table, "posted_at", question), table.c.place.in_(places)]
    return _items(table, "posted_at", table.c.mention_id, _OF_PLACED, *asked)


def _forgotten(question: Question, as_of: datetime) -> sa.CompoundSelect[Any]:
    of_mentions = _in_places(placed(as_of), question, FORGOTTEN)
    return sa.union_all(of_mentions, _issues(question, as_of).where(sa.or_(incomplete(), unowned(as_of))))


def _without_issue(question: Question, as_of: datetime) -> sa.Select[Any]:
    table = placed(as_of)
    return _in_places(table, question, PASSED, FORGOTTEN).where(complaints(table))


_EVIDENCE: dict[Evidence, Callable[[Question, datetime], sa.SelectBase]] = {
    "mentions": _mentions,
    "issues": _issues,
    "fallback": _fallback,
    "rounds": _rounds,
    "levels": _levels,
    "forgotten": _forgotten,
    "without_issue": _without_issue,
}
