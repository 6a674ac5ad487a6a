"""One SELECT for each type of input, and when a brand was first heard of."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from metrics_api.inputs import (
    COMPLAINT_INTENTS,
    GRACE,
    NOT_CUSTOMERS,
    Account,
    Input,
    IssueCount,
    LevelCount,
    MentionCount,
    PlaceCount,
    Round,
)
from metrics_api.projection import day, hour
from metrics_api.question import STEPS, Question
from metrics_api.rows import NONE
from metrics_api.tables import (
    inbox,
    issue_mentions,
    issue_rounds,
    issues,
    mention_days,
    mention_hours,
    mentions,
    mentions_passed,
    sla_events,
)
from shenava.db.database import Transaction

LEVEL_KINDS = ("warned", "breached", "escalated")
PASSED = "passed"
FORGOTTEN = "forgotten"

Read = Callable[[Transaction, Question, datetime], Awaitable[list[Input]]]
Condition = sa.ColumnElement[bool]


async def read(tx: Transaction, question: Question, as_of: datetime) -> list[Input]:
    """The input of the metric that ``question`` asks for."""
    return await _READS[question.metric.rows](tx, question, as_of)


async def first_heard(tx: Transaction, brand: str) -> datetime | None:
    """The earliest instant that anything is known of ``brand`` from."""
    earliest = [
        sa.select(sa.func.min(instant)).where(table.c.brand == brand).scalar_subquery()
        for table, instant in (
            (mention_hours, mention_hours.c.bucket),
            (issues, issues.c.complaint_at),
            (sla_events, sla_events.c.occurred_at),
        )
    ]
    found: datetime | None = await tx.sql.scalar(sa.select(sa.func.least(*earliest)))
    return found


async def busiest_brands(tx: Transaction, since: datetime, most: int) -> list[str]:
    """The brands with the most mentions since ``since``, at most ``most`` of them."""
    heard = sa.func.sum(mention_days.c.mentions)
    chosen = (
        sa.select(mention_days.c.brand)
        .where(mention_days.c.bucket >= since)
        .group_by(mention_days.c.brand)
        .order_by(heard.desc(), mention_days.c.brand)
        .limit(most)
    )
    return list(await tx.sql.scalars(chosen))


def narrowed(table: sa.FromClause, instant: str, question: Question) -> list[Condition]:
    """The conditions that keep what the question is about."""
    at = table.c[instant]
    asked = [table.c.brand == question.brand, at >= question.since, at < question.until]
    return asked + [table.c[name] == value for name, value in question.filters]


def complaints(table: sa.FromClause) -> Condition:
    """Of mentions or their counts: they are complaints that somebody has to answer. Deleted ones have no intent."""
    return sa.and_(table.c.intent.in_(COMPLAINT_INTENTS), table.c.role.not_in(NOT_CUSTOMERS))


def placed(as_of: datetime) -> sa.Subquery:
    """The mentions, each with its one `place` (:class:`PlaceCount`) and with the rule that it was `passed_by`.

    An issue outranks a pass, and of several issues the least settled one counts.
    """
    state = issues.c.state
    rank = sa.case((state == "closed", 3), (state == "resolved", 2), (state.is_not(None), 1))
    young = sa.exists().where(inbox.c.event_id == mentions.c.event_id, inbox.c.seen_at > as_of - GRACE)
    was_passed = sa.func.count(mentions_passed.c.cause_id) > 0
    nowhere = sa.case((was_passed, PASSED), (young, "on_its_way"), else_=FORGOTTEN)
    place = sa.case({1: "open", 2: "resolved", 3: "closed"}, value=sa.func.min(rank), else_=nowhere)
    passed_by = sa.func.max(mentions_passed.c.rule_id)
    # Joined and grouped, not looked up row by row: a third of the time where every mention is asked for.
    return (
        sa.select(mentions, place.label("place"), passed_by.label("passed_by"))
        .outerjoin(issue_mentions, issue_mentions.c.mention_id == mentions.c.mention_id)
        .outerjoin(issues, issues.c.issue_id == issue_mentions.c.issue_id)
        .outerjoin(mentions_passed, mentions_passed.c.cause_id == mentions.c.event_id)
        .group_by(mentions.c.mention_id)
        .subquery()
    )


def incomplete() -> Condition:
    """Of an issue: some of its events are not here."""
    return issues.c.seen != issues.c.last_sequence


def unowned(as_of: datetime) -> Condition:
    """Of an issue: it was opened, nothing of it is missing, and no queue has it."""
    return sa.and_(issues.c.queue == NONE, ~incomplete(), issues.c.complaint_at <= as_of - GRACE)


class Counted(NamedTuple):
    """Where mentions are counted from: a table, the instant in it, and how many mentions a row of it stands for."""

    table: sa.Table
    instant: str
    mentions: sa.ColumnElement[int]


def counted(question: Question) -> Counted:
    """The coarsest table that the question can be answered from; off the whole hours, the mentions themselves."""
    if question.interval != "hour" and question.lies_on(day):
        return Counted(mention_days, "bucket", mention_days.c.mentions)
    if question.lies_on(hour):
        return Counted(mention_hours, "bucket", mention_hours.c.mentions)
    return Counted(mentions, "posted_at", sa.literal(1))


async def _mention_counts(tx: Transaction, question: Question, _: datetime) -> list[Input]:
    table, instant, amount = counted(question)
    labels = [table.c[name] for name in ("language", "outcome", "model", "corrected")]
    summed = _grouped(table, instant, question, labels, amount)
    return [MentionCount(*row) for row in await tx.sql.execute(summed)]


async def _rounds(tx: Transaction, question: Question, _: datetime) -> list[Input]:
    table = issue_rounds
    names = Round._fields[2:]
    chosen = sa.select(*_coordinates(table, "complaint_at", question), *(table.c[name] for name in names))
    promised = [*narrowed(table, "complaint_at", question), table.c.starts_clocks]
    return [Round(*row) for row in await tx.sql.execute(chosen.where(*promised))]


async def _issue_counts(tx: Transaction, question: Question, _: datetime) -> list[Input]:
    summed = _grouped(issues, "complaint_at", question, [issues.c.state, issues.c.fallback], sa.literal(1))
    return [IssueCount(*row) for row in await tx.sql.execute(summed)]


async def _level_counts(tx: Transaction, question: Question, _: datetime) -> list[Input]:
    reached = sla_events.c.kind.in_(LEVEL_KINDS)
    summed = _grouped(sla_events, "occurred_at", question, [sla_events.c.kind], sa.literal(1), reached)
    return [LevelCount(*row) for row in await tx.sql.execute(summed)]


async def _place_counts(tx: Transaction, question: Question, as_of: datetime) -> list[Input]:
    table = placed(as_of)
    told = [table.c.place, table.c.corrected]
    summed = _grouped(table, "posted_at", question, told, sa.literal(1), complaints(table))
    return [PlaceCount(*row) for row in await tx.sql.execute(summed)]


async def _accounts(tx: Transaction, question: Question, as_of: datetime) -> list[Input]:
    table, instant, amount = counted(question)
    rows = placed(as_of)
    state = sa.case((issues.c.state.in_(_ENDED_OR_UNKNOWN), issues.c.state), else_="open")

    def of_mentions(table: sa.FromClause) -> sa.ColumnElement[str]:
        return sa.case((complaints(table), "complaints"), else_="others")

    def of_issues(term: sa.ColumnElement[str], *conditions: Condition) -> sa.Select[Any]:
        terms = [sa.literal("issues", sa.Text), term]
        return _grouped(issues, "complaint_at", question, terms, sa.literal(1), *conditions)

    def of_counts(term: str, *conditions: Condition) -> sa.Select[Any]:
        terms = [of_mentions(table), sa.literal(term, sa.Text)]
        return _grouped(table, instant, question, terms, amount, *conditions)

    terms = (
        of_counts("heard"),
        of_counts("corrected", table.c.corrected),
        _grouped(rows, "posted_at", question, [of_mentions(rows), rows.c.place], sa.literal(1)),
        of_issues(state),
        of_issues(sa.literal("incomplete", sa.Text), incomplete()),
        of_issues(sa.literal("unowned", sa.Text), unowned(as_of)),
    )
    # One statement sees one state of the tables: terms from two states would not add up.
    return [Account(*row) for row in await tx.sql.execute(sa.union_all(*terms))]


_ENDED_OR_UNKNOWN = ("resolved", "closed", "unknown")
_READS: dict[type[tuple[Any, ...]], Read] = {
    MentionCount: _mention_counts,
    Round: _rounds,
    IssueCount: _issue_counts,
    LevelCount: _level_counts,
    Account: _accounts,
    PlaceCount: _place_counts,
}


def _coordinates(table: sa.FromClause, instant: str, question: Question) -> list[sa.ColumnElement[Any]]:
    """The bucket and the group of a row."""
    bucket: sa.ColumnElement[Any] = sa.literal(question.since, sa.DateTime(timezone=True))
    if question.interval != "none":
        step = sa.literal(STEPS[question.interval], sa.Interval())
        bucket = sa.func.date_bin(step, table.c[instant], sa.literal(question.since, sa.DateTime(timezone=True)))
    group = sa.cast(sa.null(), sa.Text) if question.group_by is None else table.c[question.group_by]
    return [bucket.label("in_bucket"), group.label("in_group")]


def _grouped(
    table: sa.FromClause,
    instant: str,
    question: Question,
    columns: list[Any],
    amount: sa.ColumnElement[int],
    *conditions: Condition,
) -> sa.Select[Any]:
    """Sums of ``amount`` by bucket, group and ``columns``."""
    told = [column.label(f"told_{number}") for number, column in enumerate(columns)]
    inner = (
        sa.select(*_coordinates(table, instant, question), *told, amount.label("amount"))
        .where(*narrowed(table, instant, question), *conditions)
        .subquery()
    )
    keys = [column for column in inner.c if column.name != "amount"]
    return sa.select(*keys, sa.cast(sa.func.sum(inner.c.amount), sa.BigInteger)).group_by(*keys)
