"""Business facts the metrics need and no mention tells: sessions, orders, followers, clicks and the like."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shenava.events.base import Event, ShortText

FactKind = Literal[
    "sessions", "order", "refund", "lead", "followers", "customers", "link_clicks", "backlink", "offer_viewed",
    "offer_accepted", "partnership", "post_published", "post_engagement", "email_list", "retargeting_list",
    "topic_answered", "release",
]  # fmt: skip
FactValue = Annotated[float, Meta(ge=-1e15, le=1e15)]


class FactRecorded(Event, frozen=True, kw_only=True):
    """One business fact.

    Attributes:
        fact_id: the caller's own id; the same one again is the same fact.
        values: named figures, e.g. `{"amount": 1250000, "margin": 200000}`.
        attributes: named texts, e.g. `{"channel": "instagram", "customer": "c-19", "currency": "IRR"}`.
    """

    TYPE: ClassVar[str] = "shenava.fact.recorded.v1"

    kind: FactKind
    fact_id: Annotated[str, Meta(min_length=1, max_length=256)]
    values: Annotated[dict[str, FactValue], Meta(max_length=32)] = msgspec.field(default_factory=dict)
    attributes: Annotated[dict[str, ShortText], Meta(max_length=32)] = msgspec.field(default_factory=dict)

    @property
    def key(self) -> str:
        """Brand and kind."""
        return f"{self.brand}:{self.kind}"
