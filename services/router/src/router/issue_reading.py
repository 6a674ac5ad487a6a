"""Reading issues for people: pages by key, and one issue with all that is known of it. All of it SQL."""

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from router.answers import HistoryEntry, IssueDetail, IssueMention, IssuePage
from router.issue import Issue, State
from router.store import SELECT_ISSUE, issue_of
from shenava.db.database import Transaction
from shenava.errors import Invalid
from shenava.events.base import Id, Instant
from shenava.events.issues import Decision, Queue
from shenava.events.mentions import Classification, Mention, Severity

MOST = 200
"""Rows of one page, and of one issue's history and mentions."""

_HISTORY = """
SELECT sequence, type, occurred_at, event::text FROM issue_history
WHERE issue_id = $1 ORDER BY sequence DESC LIMIT $2
"""
_MENTIONS = """
SELECT of.added_at, latest.mention::text, latest.classification::text, latest.decision::text
FROM (SELECT * FROM issue_mentions WHERE issue_id = $1 ORDER BY added_at DESC, mention_id DESC LIMIT $2) AS of
CROSS JOIN LATERAL (
  SELECT m.mention, m.classification, m.decision FROM mentions m WHERE m.mention_id = of.mention_id
  ORDER BY array_position(ARRAY['posted', 'edited', 'deleted'], m.change) DESC, m.occurred_at DESC LIMIT 1
) AS latest
ORDER BY of.added_at, of.mention_id
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which issues to list; None means any.

    Attributes:
        brands: the only brands the caller may see.
    """

    queue: Queue | None = None
    state: State | None = None
    severity: Severity | None = None
    brand: str | None = None
    brands: Collection[str] | None = None


async def page(tx: Transaction, wanted: Wanted, limit: int, cursor: str | None) -> IssuePage:
    """The next ``limit`` issues after ``cursor``, by the time they were opened, the newest first.

    What an issue is sorted by never changes, so pages that follow each other miss none and show none twice, whatever
    happens to the issues meanwhile.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    arguments: list[object] = []
    conditions: list[str] = []
    for name in ("queue", "state", "severity", "brand"):
        if (value := getattr(wanted, name)) is not None:
            arguments.append(value)
            conditions.append(f"{name} = ${len(arguments)}")
    if wanted.brands is not None:
        arguments.append(list(wanted.brands))
        conditions.append(f"brand = ANY(${len(arguments)}::text[])")
    if cursor is not None:
        arguments += _read(cursor)
        conditions.append(f"(opened_at, id) < (${len(arguments) - 1}, ${len(arguments)})")
    arguments.append(limit + 1)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = await tx.driver.fetch(
        f"{SELECT_ISSUE}{where} ORDER BY opened_at DESC, id DESC LIMIT ${len(arguments)}", *arguments
    )
    issues = tuple(issue_of(row) for row in rows[:limit])
    return IssuePage(items=issues, next_cursor=_cursor(issues[-1]) if len(rows) > limit else None)


async def detail(tx: Transaction, issue_id: str) -> IssueDetail | None:
    """The issue of that id, with its history and its mentions."""
    row = await tx.driver.fetchrow(f"{SELECT_ISSUE} WHERE id = $1", issue_id)
    if row is None:
        return None
    history = await tx.driver.fetch(_HISTORY, issue_id, MOST)
    mentions = await tx.driver.fetch(_MENTIONS, issue_id, MOST)
    return IssueDetail(
        **msgspec.structs.asdict(issue_of(row)),
        history=tuple(
            HistoryEntry(
                sequence=entry["sequence"],
                type=entry["type"],
                occurred_at=entry["occurred_at"],
                event=msgspec.Raw(entry["event"].encode()),
            )
            for entry in reversed(history)
        ),
        mentions=tuple(
            IssueMention(
                added_at=entry["added_at"],
                mention=msgspec.json.decode(entry["mention"], type=Mention),
                classification=msgspec.json.decode(entry["classification"], type=Classification),
                decision=msgspec.json.decode(entry["decision"], type=Decision),
            )
            for entry in mentions
        ),
    )


def _cursor(issue: Issue) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((issue.opened_at, issue.id))).decode().rstrip("=")


def _read(cursor: str) -> tuple[Instant, Id]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = base64.b64decode(padded, altchars=b"-_", validate=True)
        read = msgspec.json.decode(place, type=tuple[Instant, Id])
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError) as error:
        raise _not_ours() from error
    if not read[1].isprintable():
        raise _not_ours()
    return read


def _not_ours() -> Invalid:
    return Invalid("bad_cursor", "take the cursor from next_cursor of the page before", pointer="/query/cursor")
