"""What the formulas read: plain rows, each already put into a bucket of time and a group. Pure.

Every row type names the SELECT that fills it (``reading.py``); a formula takes the rows of one bucket and one group.
"""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

COMPLAINT_INTENTS = ("complaint", "refund")
"""What counts as a complaint."""

NOT_CUSTOMERS = ("staff", "competitor")
"""Whose complaints nobody has to answer."""

GRACE = timedelta(minutes=5)
"""How long a mention may be on its way to its outcome, and an issue to its owner, before it is missed."""


class Input(Protocol):
    """What every row has."""

    @property
    def bucket(self) -> datetime:
        """When the bucket that the row belongs to begins."""

    @property
    def group(self) -> str | None:
        """The value of the dimension that is grouped by; None when nothing is."""


class MentionCount(NamedTuple):
    """How many mentions share these properties; `corrected` where one of their labels is not the model's."""

    bucket: datetime
    group: str | None
    language: str
    outcome: str
    model: str
    corrected: bool
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
        of: `complaints`, `others` (the other mentions), `issues`.
        term: of mentions `heard`, what the counts say, `corrected`, those of them with a label that is not the
            model's, and the places of :class:`PlaceCount`, what the rows say; of issues `open`, `resolved`, `closed`,
            `unknown`, their states, `incomplete`, those with a gap in their events, and `unowned`, those never routed.
    """

    bucket: datetime
    group: str | None
    of: str
    term: str
    number: int


class PlaceCount(NamedTuple):
    """How many complaints are in one place.

    Attributes:
        place: `open`, `resolved`, `closed`: in an issue of that state; `passed`: in none, because a rule passed its
            latest revision; `on_its_way`: neither yet, and heard within the grace; `forgotten`: neither.
        corrected: a label they count by is not the model's.
    """

    bucket: datetime
    group: str | None
    place: str
    corrected: bool
    complaints: int
