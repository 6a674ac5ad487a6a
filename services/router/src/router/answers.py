"""What the routes answer with, as the OpenAPI document shows it."""

from datetime import datetime

import msgspec

from router.issue import Issue
from shenava.events.issues import Decision
from shenava.events.mentions import Classification, Mention


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the issue, as it went out on `issues.lifecycle`."""

    sequence: int
    type: str
    occurred_at: datetime
    event: msgspec.Raw


class IssueMention(msgspec.Struct, frozen=True, kw_only=True):
    """A mention of the issue in its latest form, and why it needed a person."""

    added_at: datetime
    mention: Mention
    classification: Classification
    decision: Decision


class IssueDetail(Issue, frozen=True, kw_only=True):
    """An issue with its history and its mentions, the latest 200 of each, the oldest first."""

    history: tuple[HistoryEntry, ...]
    mentions: tuple[IssueMention, ...]


class IssuePage(msgspec.Struct, frozen=True, kw_only=True):
    """Issues, the newest first; `next_cursor` leads to the next page and is absent on the last one."""

    items: tuple[Issue, ...]
    next_cursor: str | None = None
