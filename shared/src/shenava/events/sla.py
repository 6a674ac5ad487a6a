"""What the clocks say: warned, breached, escalated, met, revised."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from shenava.events.base import Event, Id, Instant, ShortText
from shenava.events.issues import Queue, Round
from shenava.events.mentions import Severity

ClockName = Literal["triage", "resolution"]
Seconds = Annotated[float, Meta(ge=0)]


class SlaEvent(Event, frozen=True, kw_only=True):
    """What every clock event carries.

    Attributes:
        clock: which of the two promises.
        started_at: the anchor the deadline was counted from.
        deadline_at: when the promise runs out (level 0 of the ladder).
    """

    issue_id: Id
    round: Round = 1
    clock: ClockName
    policy: ShortText
    queue: Queue | None = None
    severity: Severity = "normal"
    started_at: Instant
    deadline_at: Instant

    @property
    def key(self) -> str:
        """The issue."""
        return self.issue_id


class SlaFired(SlaEvent, frozen=True, kw_only=True):
    """A rung of the ladder was reached while the clock was running.

    Attributes:
        level: the rung's name in the policy; unique per issue, round and clock.
        due_at: when it fell due.
        late_by: seconds between falling due and firing, e.g. after downtime.
        tell: whom the policy wants told.
        missing: which halves of the promise are still missing (`reply`, `routing`, `resolution`).
    """

    level: ShortText
    due_at: Instant
    late_by: Seconds = 0.0
    tell: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class SlaWarned(SlaFired, frozen=True, kw_only=True):
    """The deadline is near."""

    TYPE: ClassVar[str] = "shenava.sla.warned.v1"


class SlaBreached(SlaFired, frozen=True, kw_only=True):
    """The deadline has passed and the promise is not kept."""

    TYPE: ClassVar[str] = "shenava.sla.breached.v1"


class SlaEscalated(SlaFired, frozen=True, kw_only=True):
    """A later rung: somebody higher up is told."""

    TYPE: ClassVar[str] = "shenava.sla.escalated.v1"


class SlaMet(SlaEvent, frozen=True, kw_only=True):
    """The clock stopped; whether in time is `kept`.

    Attributes:
        elapsed_from_complaint: seconds from the complaint's own time to the stop.
        elapsed_from_handoff: seconds from the routing to the stop; absent if never routed.
    """

    TYPE: ClassVar[str] = "shenava.sla.met.v1"

    stopped_at: Instant
    kept: bool
    elapsed_from_complaint: Seconds
    elapsed_from_handoff: Seconds | None = None


class SlaVerdictRevised(SlaEvent, frozen=True, kw_only=True):
    """A late event or a changed policy moved a deadline or overturned a verdict, and says so."""

    TYPE: ClassVar[str] = "shenava.sla.verdict-revised.v1"

    reason: ShortText
    was_kept: bool | None = None
    kept: bool | None = None
    previous_deadline_at: Instant | None = None
