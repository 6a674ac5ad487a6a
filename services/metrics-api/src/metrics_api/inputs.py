"""What the formulas read: plain rows, each already put into a bucket of time and a group. Pure.

Every row type names the SELECT that fills it (``reading.py``); a formula takes the rows of one bucket and one group.
"""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

COMPLAINT_INTENTS = ("complaint", "refund")
"""What counts as a complaint."""

NOT_CUSTOMERS = ("staff", "competitor")
"""Whose complaints nobody has to answer."""

SETTLING = timedelta(minutes=15)
"""How long a complaint may be on its way to its issue before it is missed."""


class Input(Protocol):
    """What every row has."""

    @property
    def bucket(self) -> datetime:
        """When the bucket that the row belongs to begins."""

    @property
    def group(self) -> str | None:
        """The value of the dimension that is grouped by; None when nothing is."""


class MentionCount(NamedTuple):
    """How many mentions share these properties."""

    bucket: datetime
    group: str | None
    language: str
    outcome: str
    model: str
    mentions: int


class Round(NamedTuple):
    """One round of an issue that both promises cover; see :class:`metrics_api.rows.RoundRow`."""

    bucket: datetime
    group: str | None
    complaint_at: datetime
    routed_at: datetime | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    paused_us: int
    paused_since_handoff_us: int
    paused_since: datetime | None


class IssueCount(NamedTuple):
    """How many issues share this state and this way of having been routed."""

    bucket: datetime
    group: str | None
    state: str
    fallback: bool
    issues: int


class LevelCount(NamedTuple):
    """How many levels of a kind (`warned`, `breached`, `escalated`) were reached."""

    bucket: datetime
    group: str | None
    kind: str
    levels: int


class Account(NamedTuple):
    """One term of the conservation equation.

    Attributes:
        term: `heard`, the complaints by the counts; `open`, `resolved`, `closed`, `settling`, `without_issue`, where
            each complaint is now by the rows; `issues_open`, `issues_resolved`, `issues_closed`, `issues_unknown`, the
            issues; `issues_incomplete`, those with a gap in their events; `issues_unowned`, those never routed.
    """

    bucket: datetime
    group: str | None
    term: str
    number: int


class PlaceCount(NamedTuple):
    """How many complaints are in one place: `open`, `resolved`, `closed` (their issue), `settling`, `without_issue`."""

    bucket: datetime
    group: str | None
    place: str
    complaints: int
