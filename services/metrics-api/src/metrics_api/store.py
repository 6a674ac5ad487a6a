"""Writes what a batch of events asks for into the service's tables, in the caller's transaction.

Every table is its own inbox by its primary key, except the mentions', which keep one row for many events and have the
inbox beside them; a correction has a row of its own and changes the mention's. Rows are locked in the order of their
keys and the tables always in the same order, so two members that hold the same records for a moment wait for each
other instead of blocking each other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple, get_args, get_type_hints

from metrics_api import lifecycle, projection, revisions
from metrics_api.projection import Changes
from metrics_api.rows import (
    CorrectionRow,
    CountKey,
    FactRow,
    IssueEventRow,
    IssueRow,
    Json,
    MentionRow,
    PassedRow,
    RoundRow,
    SlaRow,
)
from shenava.db.database import Transaction
from shenava.inbox import first_seen

_TYPES: dict[Any, str] = {str: "text", int: "bigint", bool: "boolean", datetime: "timestamptz", Json: "jsonb"}


class _IssueMention(NamedTuple):
    mention_id: str
    issue_id: str


class _CountRow(NamedTuple):
    brand: str
    bucket: datetime
    channel: str
    language: str
    outcome: str
    intent: str
    role: str
    model: str
    corrected: bool
    mentions: int


def _columns(kind: type[tuple[Any, ...]]) -> dict[str, str]:
    """The column names of a row type with their SQL types."""
    hints = get_type_hints(kind)
    return {name: _TYPES[next(h for h in (*get_args(hint), hint) if h is not NoneType)] for name, hint in hints.items()}


def _insert(table: str, kind: type[tuple[Any, ...]], conflict: str) -> str:
    columns = _columns(kind)
    unnested = ", ".join(f"${number}::{sql_type}[]" for number, sql_type in enumerate(columns.values(), start=1))
    # Only names from this file are put together here, never a value.
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({unnested}) ON CONFLICT {conflict}"  # noqa: S608


def _replace(table: str, kind: type[tuple[Any, ...]], key: Sequence[str]) -> str:
    rest = ", ".join(f"{name} = excluded.{name}" for name in _columns(kind) if name not in key)
    return _insert(table, kind, f"({', '.join(key)}) DO UPDATE SET {rest}")


_NEW_MENTIONS = _insert("mentions", MentionRow, "DO NOTHING RETURNING mention_id")
_REVISED_MENTIONS = _replace("mentions", MentionRow, ["mention_id"])
_HELD_MENTIONS = (
    f"SELECT {', '.join(MentionRow._fields)} FROM mentions WHERE mention_id = ANY($1::text[])"  # noqa: S608 - own names
    " ORDER BY mention_id FOR UPDATE"
)
_CORRECTIONS = _insert("mention_corrections", CorrectionRow, "DO NOTHING RETURNING mention_id")
_CORRECTIONS_OF = (
    f"SELECT {', '.join(CorrectionRow._fields)} FROM mention_corrections"  # noqa: S608 - own names
    " WHERE mention_id = ANY($1::text[])"
)
_LABELS_LOCK = "hashtextextended('metrics: labels of mentions', 0)"
_PASSED = _insert("mentions_passed", PassedRow, "DO NOTHING RETURNING cause_id")
_ISSUE_EVENTS = _insert("issue_events", IssueEventRow, "DO NOTHING RETURNING issue_id")
_ISSUE_MENTIONS = _insert("issue_mentions", _IssueMention, "DO NOTHING")
_ISSUES = _replace("issues", IssueRow, ["issue_id"])
_ROUNDS = _replace("issue_rounds", RoundRow, ["issue_id", "round"])
_SLA = _insert("sla_events", SlaRow, "DO NOTHING RETURNING event_id")
_FACTS = _insert("facts", FactRow, "DO NOTHING RETURNING event_id")
_EXTENTS = """
    SELECT issue_id, min(brand) AS brand, min(occurred_at) AS first_at, max(sequence) AS last_sequence, count(*) AS seen
    FROM issue_events WHERE issue_id = ANY($1::text[]) GROUP BY issue_id ORDER BY issue_id
"""
_STORIES = (
    # As text: the driver would parse the JSON by itself, without the type that it is meant to have.
    f"SELECT {', '.join(IssueEventRow._fields[:-1])}, step::text FROM issue_events"  # noqa: S608 - own names
    " WHERE issue_id = ANY($1::text[]) AND kind <> 'mention-added' ORDER BY issue_id, sequence"
)
_ROLLUPS = {"mention_hours": projection.hour, "mention_days": projection.day}


class Written(NamedTuple):
    """How many events of each kind were new."""

    mentions: int
    passed: int
    corrections: int
    issue_events: int
    sla: int
    facts: int


async def apply(tx: Transaction, changes: Changes) -> Written:
    """Bring the tables to where they also hold ``changes``."""
    await _guard_labels(tx, changes)
    corrected = await _write(tx, _CORRECTIONS, sorted(changes.corrections, key=itemgetter(0)))
    return Written(
        mentions=await _mentions(tx, changes.mentions, {row["mention_id"] for row in corrected}),
        passed=len(await _write(tx, _PASSED, sorted(changes.passed, key=itemgetter(0)))),
        corrections=len(corrected),
        issue_events=await _issues(tx, changes.issue_events),
        sla=len(await _write(tx, _SLA, sorted(changes.sla, key=itemgetter(0)))),
        facts=len(await _write(tx, _FACTS, sorted(changes.facts, key=itemgetter(0)))),
    )


async def _write(tx: Transaction, statement: str, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Run ``statement`` over the rows' columns; returns what it returns."""
    if not rows:
        return []
    columns = [list(column) for column in zip(*rows, strict=True)]
    return list(await tx.driver.fetch(statement, *columns))


async def _guard_labels(tx: Transaction, changes: Changes) -> None:
    """Let no mention come in between the corrections and the mentions that each miss the other.

    Mentions come in side by side; corrections are few, and wait for those that are being written. Taken before any
    other lock, so that who waits for it holds nothing.
    """
    if changes.corrections:
        await tx.driver.execute(f"SELECT pg_advisory_xact_lock({_LABELS_LOCK})")
    elif changes.mentions:
        await tx.driver.execute(f"SELECT pg_advisory_xact_lock_shared({_LABELS_LOCK})")


async def _mentions(tx: Transaction, rows: Sequence[MentionRow], corrected: Collection[str]) -> int:
    """Write the revisions that are new, and label the mentions in ``corrected`` anew."""
    if not rows and not corrected:
        return 0
    fresh = await first_seen(tx, sorted({row.event_id for row in rows}))
    told = revisions.distinct(rows, fresh)
    corrections = await _corrections_of(tx, {*corrected, *(row.mention_id for row in told)})
    first = revisions.standing(told, {}, corrections)
    inserted = {row["mention_id"] for row in await _write(tx, _NEW_MENTIONS, list(first.values()))}
    met = [mention_id for mention_id in {*first, *corrected} if mention_id not in inserted]
    held = {row["mention_id"]: MentionRow(*row) for row in await tx.driver.fetch(_HELD_MENTIONS, met)} if met else {}
    after = revisions.standing(first.values(), held, corrections)
    await _write(tx, _REVISED_MENTIONS, [row for key, row in after.items() if key in held])
    for table, bucket in _ROLLUPS.items():
        await _count(tx, table, projection.deltas(after, held, bucket))
    return len(fresh)


async def _corrections_of(tx: Transaction, mention_ids: Collection[str]) -> dict[str, list[CorrectionRow]]:
    """All corrections of the mentions, by mention."""
    found: defaultdict[str, list[CorrectionRow]] = defaultdict(list)
    for row in await tx.driver.fetch(_CORRECTIONS_OF, list(mention_ids)):
        correction = CorrectionRow(*row)
        found[correction.mention_id].append(correction)
    return found


async def _count(tx: Transaction, table: str, deltas: Sequence[tuple[CountKey, int]]) -> None:
    """Add the deltas to a rollup; a row that comes to nothing is removed, as if it had never been."""
    rows = [_CountRow(*key, delta) for key, delta in deltas]
    key = ", ".join(CountKey._fields)
    add = _insert(table, _CountRow, f"({key}) DO UPDATE SET mentions = {table}.mentions + excluded.mentions")
    await _write(tx, add, rows)
    if any(row.mentions < 0 for row in rows):
        await tx.driver.execute(
            f"DELETE FROM {table} WHERE mentions = 0 AND brand = ANY($1::text[]) AND bucket = ANY($2::timestamptz[])",  # noqa: S608 - own names
            sorted({row.brand for row in rows}),
            sorted({row.bucket for row in rows}),
        )


async def _issues(tx: Transaction, rows: Sequence[IssueEventRow]) -> int:
    if not rows:
        return 0
    # One fold of an issue at a time: two that each miss the other's event would leave the issue without one of them.
    await tx.driver.execute(
        "SELECT pg_advisory_xact_lock(lock) FROM (SELECT DISTINCT hashtextextended(id, 0) AS lock"
        " FROM unnest($1::text[]) AS id ORDER BY 1) AS locks",
        [row.issue_id for row in rows],
    )
    written = await _write(tx, _ISSUE_EVENTS, sorted(rows, key=itemgetter(0, 1)))
    touched = sorted({row["issue_id"] for row in written})
    if touched:
        await _link(tx, rows)
        await _fold(tx, touched)
    return len(written)


async def _link(tx: Transaction, rows: Iterable[IssueEventRow]) -> None:
    linked = {
        _IssueMention(step.mention_id, row.issue_id)
        for row in rows
        if row.kind in {"opened", "mention-added"} and (step := lifecycle.step_of(row)).mention_id is not None
    }
    await _write(tx, _ISSUE_MENTIONS, sorted(linked))


async def _fold(tx: Transaction, issue_ids: Sequence[str]) -> None:
    extents = [lifecycle.Extent(*row) for row in await tx.driver.fetch(_EXTENTS, issue_ids)]
    told = [IssueEventRow(*row) for row in await tx.driver.fetch(_STORIES, issue_ids)]
    stories = {issue_id: list(events) for issue_id, events in groupby(told, key=lambda row: row.issue_id)}
    folded = [lifecycle.fold(extent, stories.get(extent.issue_id, ())) for extent in extents]
    await _write(tx, _ISSUES, [each.issue for each in folded])
    await _write(tx, _ROUNDS, [row for each in folded for row in each.rounds])
