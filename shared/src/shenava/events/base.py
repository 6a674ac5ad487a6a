"""What all events share: identity, cause, brand, and how each finds its CloudEvents type and its key."""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=64, description="Deterministic identifier")]
Brand = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", description="The watched brand; `default` when there is one"),
]
Name = Annotated[str, Meta(min_length=1, max_length=256)]
ShortText = Annotated[str, Meta(max_length=512)]
LongText = Annotated[str, Meta(max_length=100_000)]
Count = Annotated[int, Meta(ge=0, le=9_007_199_254_740_991)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 instant with its offset")]


# gc=False: events are trees of frozen values and cannot form cycles, so the collector need not walk them; with five
# hundred of them in hand that walk was a third of what a message cost.


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A frozen part of an event."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact, in the past tense, about one thing of one brand.

    Unknown fields are ignored on input, so a newer writer never stops an older reader.

    Attributes:
        event_id: derived from what caused the event; a repeat carries the same one.
        brand: the watched brand it belongs to.
        occurred_at: when the fact became true (not when it was sent).
    """

    TYPE: ClassVar[str]

    event_id: Id
    brand: Brand = "default"
    occurred_at: Instant

    @property
    def key(self) -> str:
        """What orders this event: events of one key are read in the order they were written."""
        raise NotImplementedError  # every event names its own key; there is no sensible default
