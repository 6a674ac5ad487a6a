"""The query parameters of the routes, as FastAPI checks them and the OpenAPI document shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from metrics_api.catalogue import Dimension, Metric
from metrics_api.question import Interval, Question, ask, split
from shenava.events.issues import Queue
from shenava.events.mentions import AuthorRole, Channel, Intent, Sentiment, Severity, UnscoredReason
from shenava.events.sla import ClockName


def _read_instant(given: Any) -> Any:
    """A bare date is midnight in UTC; a space is the `+` of an offset that was not percent-encoded."""
    if isinstance(given, str) and len(given) == len("2026-11-23"):
        return f"{date.fromisoformat(given).isoformat()}T00:00:00Z"
    return given.replace(" ", "+") if isinstance(given, str) and "T" in given else given


def _of_time(given: datetime) -> datetime:
    if given.tzinfo is None:
        raise ValueError("an instant needs its offset, e.g. 2026-11-23T00:00:00Z or 2026-11-23T00:00:00+03:30")
    return given


Instant = Annotated[datetime, BeforeValidator(_read_instant), AfterValidator(_of_time), Field(examples=["2026-11-01"])]
Brand = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Word = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$")]
None_ = Literal["none"]


class Filters(BaseModel):
    """What narrows a number down; each metric's entry says which of them it has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brand: Brand = "default"
    since: Instant | None = Field(
        default=None, alias="from", description="First instant; a date or RFC 3339. Default: 30 days before `to`."
    )
    until: Instant | None = Field(
        default=None, alias="to", description="First instant after the span. Default: the end of today, UTC."
    )
    channel: Channel | None = None
    language: Annotated[str, Field(pattern="^[A-Za-z-]{2,16}$")] | None = None
    outcome: Sentiment | UnscoredReason | Literal["unexplained"] | None = None
    intent: Intent | None_ | None = None
    role: AuthorRole | None_ | None = None
    model: Word | None = None
    queue: Queue | None_ | None = None
    severity: Severity | None_ | None = None
    state: Literal["open", "routed", "acknowledged", "moved_private", "resolved", "closed", "unknown"] | None = None
    clock: ClockName | None = None
    kind: Literal["warned", "breached", "escalated"] | None = None
    level: Word | None = None

    def asked(self, metric: Metric, now: datetime) -> Question:
        """The question that was asked of ``metric`` at ``now``; raises as :func:`metrics_api.question.ask`."""
        given = {name: getattr(self, name) for name in _FILTERS}
        return ask(
            metric,
            brand=self.brand,
            now=now,
            since=self.since,
            until=self.until,
            filters={name: value for name, value in given.items() if value is not None},
        )


_FILTERS = tuple(name for name in Filters.model_fields if name not in {"brand", "since", "until"})


class MetricQuery(Filters):
    """What is asked of a metric."""

    interval: Interval = Field(
        default="none", description="Buckets of an hour or a day that begin at `from`, or one for the span."
    )
    group_by: Dimension | None = Field(default=None, description="One point for each value of this dimension.")

    def asked(self, metric: Metric, now: datetime) -> Question:
        """The question with its buckets and groups."""
        return split(super().asked(metric, now), interval=self.interval, group_by=self.group_by)


class EvidenceQuery(Filters):
    """What is asked of the things behind a number: the same filters, and a page."""

    limit: int = Field(default=100, ge=1, le=1000)
    cursor: Annotated[str, Field(max_length=1024)] | None = Field(default=None, description="`next` of a page before.")
