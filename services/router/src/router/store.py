"""The router's own tables: recording mentions, locking keys, keeping issues. All of it SQL on the caller's transaction.

Locks are taken in one order everywhere (event ids, then keys, then issues, each sorted), so transactions wait for each
other and never in a circle. The rows of ``issue_keys`` are what serialises routers on one conversation, author or text.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from router.decide import Route
from router.fold import Assessed, Board, Membership, Revision
from router.issue import Issue
from router.issue_keys import Key, issue_keys
from shenava.db.database import Transaction
from shenava.errors import Transient
from shenava.events import IssueEvent, IssueRouted
from shenava.events.issues import Decision

Columns = Mapping[str, str]

_MENTION: Columns = {
    "event_id": "text", "mention_id": "text", "brand": "text", "change": "text", "occurred_at": "timestamptz",
    "needs_person": "bool", "decision": "jsonb", "mention": "jsonb", "classification": "jsonb",
}  # fmt: skip
_ISSUE: Columns = {
    "id": "text", "brand": "text", "state": "text", "sequence": "bigint", "round": "int", "paused": "bool",
    "pinned": "bool", "queue": "text", "owner": "text", "severity": "text", "decision": "jsonb",
    "subscribers": "jsonb", "mention_id": "text", "mention_count": "int", "channel": "text", "conversation": "text",
    "author_id": "text", "intent": "text", "language": "text", "starts_clocks": "bool", "opened_at": "timestamptz",
    "updated_at": "timestamptz", "complaint_at": "timestamptz", "last_mention_at": "timestamptz",
    "acknowledged_at": "timestamptz", "moved_private_to": "text", "resolved_at": "timestamptz", "resolution": "text",
}  # fmt: skip
_HISTORY: Columns = {
    "issue_id": "text", "sequence": "bigint", "type": "text", "occurred_at": "timestamptz", "event": "jsonb",
}  # fmt: skip
_MEMBERSHIP: Columns = {"mention_id": "text", "issue_id": "text", "event_id": "text"}


def _insert(table: str, columns: Columns, conflict: str = "") -> str:
    """An INSERT of many rows, one array a column; table and columns are constants of this module."""
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(columns.values(), 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) {conflict}"  # noqa: S608 - built from constants


_RECORD = _insert("mentions", _MENTION, "ON CONFLICT DO NOTHING RETURNING event_id")
_SAVE_ISSUES = _insert(
    "issues",
    _ISSUE,
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in _ISSUE if name != 'id')}",
)
_ADD_HISTORY = _insert("issue_history", _HISTORY)
_ADD_MEMBERSHIPS = _insert("issue_mentions", _MEMBERSHIP, "ON CONFLICT DO NOTHING RETURNING mention_id")
# The update changes nothing; it takes the row's lock and returns what the last holder of the lock has committed.
_LOCK_KEYS = """
INSERT INTO issue_keys (brand, kind, value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (brand, kind, value) DO UPDATE SET issue_id = issue_keys.issue_id
RETURNING brand, kind, value, issue_id
"""
_POINT_KEYS = """
UPDATE issue_keys k SET issue_id = n.issue_id
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n (brand, kind, value, issue_id)
WHERE (k.brand, k.kind, k.value) = (n.brand, n.kind, n.value)
"""
# As text: SQLAlchemy's codec on the connection would decode it only for us to encode and decode it again.
_READ = ", ".join(f"{name}::text AS {name}" if kind == "jsonb" else name for name, kind in _ISSUE.items())
SELECT_ISSUE = f"SELECT {_READ} FROM issues"  # noqa: S608 - built from constants
"""For :func:`issue_of`."""
_LOCK_ISSUES = f"{SELECT_ISSUE} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
_MEMBERSHIPS = "SELECT mention_id, issue_id FROM issue_mentions WHERE mention_id = ANY($1::text[])"
_REVISIONS = """
SELECT mention_id, change, occurred_at FROM mentions
WHERE mention_id = ANY($1::text[]) AND event_id <> ALL($2::text[])
"""
_LAST_ROUTED = """
SELECT event::text FROM issue_history WHERE issue_id = $1 AND type = $2 ORDER BY sequence DESC LIMIT 1
"""


async def record_mentions(tx: Transaction, batch: Iterable[Assessed]) -> frozenset[str]:
    """Keep the mentions with what was decided of them; returns the event ids that were new."""
    rows = sorted(map(_mention_row, batch), key=lambda row: str(row[0]))
    added = await tx.driver.fetch(_RECORD, *_by_column(rows, _MENTION))
    return frozenset(row["event_id"] for row in added)


async def board(tx: Transaction, batch: Sequence[Assessed]) -> Board:
    """What is known of the mentions of ``batch``; the keys and issues of those that somebody must act on are locked."""
    acting = [event for event, verdict in batch if isinstance(verdict, Route)]
    keys = await _lock_keys(tx, {key for event in acting for key in issue_keys(event)}) if acting else {}
    members = await tx.driver.fetch(_MEMBERSHIPS, [event.mention.mention_id for event, _ in batch])
    memberships = {row["mention_id"]: row["issue_id"] for row in members}
    if not acting:
        return Board(memberships=memberships)
    acted_on = [event.mention.mention_id for event in acting]
    joined = {memberships[mention_id] for mention_id in acted_on if mention_id in memberships}
    issues = await lock_issues(tx, {*keys.values(), *joined})
    revisions = await _revisions(tx, acted_on, [event.event_id for event, _ in batch])
    return Board(keys, issues, memberships, revisions)


async def _lock_keys(tx: Transaction, keys: Collection[Key]) -> dict[Key, str]:
    """Lock ``keys``; returns the issues that some of them lead to."""
    locked = await tx.driver.fetch(_LOCK_KEYS, *_by_column(sorted(keys), Key._fields))
    return {Key(row["brand"], row["kind"], row["value"]): row["issue_id"] for row in locked if row["issue_id"]}


async def _revisions(tx: Transaction, mention_ids: Sequence[str], batch: Sequence[str]) -> dict[str, Revision]:
    """The newest form of each mention that was known before the events of ``batch``."""
    revisions: dict[str, Revision] = {}
    for row in await tx.driver.fetch(_REVISIONS, mention_ids, batch):
        revision = Revision.of(row["change"], row["occurred_at"])
        revisions[row["mention_id"]] = max(revision, revisions.get(row["mention_id"], revision))
    return revisions


async def lock_issues(tx: Transaction, ids: Collection[str]) -> dict[str, Issue]:
    """The issues of ``ids`` that there are, locked."""
    rows = await tx.driver.fetch(_LOCK_ISSUES, list(ids)) if ids else []
    return {row["id"]: issue_of(row) for row in rows}


async def last_routed(tx: Transaction, issue_id: str) -> IssueRouted:
    """The last routing of an issue that exists."""
    event = await tx.driver.fetchval(_LAST_ROUTED, issue_id, IssueRouted.TYPE)
    return msgspec.json.decode(event, type=IssueRouted)


async def save(tx: Transaction, issues: Sequence[Issue], events: Sequence[IssueEvent]) -> None:
    """Write the issues as they are now and add what happened to them."""
    await tx.driver.execute(_SAVE_ISSUES, *_by_column([_issue_row(issue) for issue in issues], _ISSUE))
    await tx.driver.execute(_ADD_HISTORY, *_by_column([_history_row(event) for event in events], _HISTORY))


async def point_keys(tx: Transaction, keys: Mapping[Key, str]) -> None:
    """Let each of the locked ``keys`` lead to its issue."""
    rows = [(*key, issue_id) for key, issue_id in keys.items()]
    if rows:
        await tx.driver.execute(_POINT_KEYS, *_by_column(rows, (*Key._fields, "issue_id")))


async def add_memberships(tx: Transaction, memberships: Sequence[Membership]) -> None:
    """Let mentions belong to their issues.

    Raises:
        Transient: another router has placed one of them since the keys were locked; the next attempt will see it.
    """
    if not memberships:
        return
    added = await tx.driver.fetch(_ADD_MEMBERSHIPS, *_by_column(memberships, _MEMBERSHIP))
    if len(added) != len(memberships):
        raise Transient("a mention of this batch was placed by another router meanwhile")


def issue_of(row: Any) -> Issue:
    """The issue in a row of :data:`SELECT_ISSUE`."""
    values = {name: row[name] for name in _ISSUE}
    values["decision"] = msgspec.json.decode(values["decision"], type=Decision)
    values["subscribers"] = msgspec.json.decode(values["subscribers"], type=tuple[str, ...])
    return Issue(**values)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _mention_row(assessed: Assessed) -> tuple[object, ...]:
    event, verdict = assessed
    mention = event.mention
    return (
        event.event_id, mention.mention_id, event.brand, mention.change, event.occurred_at,
        isinstance(verdict, Route), _json(verdict.decision), _json(mention), _json(event.classification),
    )  # fmt: skip


def _issue_row(issue: Issue) -> tuple[object, ...]:
    values = {name: getattr(issue, name) for name in _ISSUE}
    return tuple((values | {name: _json(values[name]) for name in ("decision", "subscribers")}).values())


def _history_row(event: IssueEvent) -> tuple[object, ...]:
    return event.issue_id, event.sequence, event.TYPE, event.occurred_at, _json(event)


def _by_column(rows: Sequence[Sequence[object]], columns: Collection[str]) -> list[list[object]]:
    return [[row[place] for row in rows] for place in range(len(columns))]
