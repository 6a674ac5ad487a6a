"""What callers are answered."""

from typing import Literal

import msgspec

from shenava.events.base import Id


class AcceptedMention(msgspec.Struct, frozen=True, kw_only=True):
    """The mention is kept by Kafka.

    Attributes:
        mention_id: the mention, whatever its later edits say.
        event_id: this form of it; a repeat has the same one.
    """

    mention_id: Id
    event_id: Id


class AcceptedFact(msgspec.Struct, frozen=True, kw_only=True):
    """The fact is kept by Kafka; a repeat has the same `event_id`."""

    fact_id: str
    event_id: Id


class AcceptedCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """The correction is kept by Kafka; a repeat has the same `event_id`.

    Attributes:
        mention_id: the mention that is corrected; it may be heard of later.
    """

    mention_id: Id
    event_id: Id


class ItemResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one item of a bulk.

    Attributes:
        index: its place in the request, from 0.
        line: the number of its line, from 1, where items are lines.
        pointer: JSON pointer, within the item, to what must be mended.
        reason: a constant code for programs.
        detail: what is wrong and how to mend it, for people.
    """

    index: int
    status: Literal["accepted", "refused"]
    line: int | None = None
    mention_id: Id | None = None
    fact_id: str | None = None
    event_id: Id | None = None
    reason: str | None = None
    pointer: str | None = None
    detail: str | None = None


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a bulk, item by item in the order they were sent."""

    accepted: int
    refused: int
    results: tuple[ItemResult, ...]


class Channels(msgspec.Struct, frozen=True, kw_only=True):
    """The channels a mention may come from."""

    channels: tuple[str, ...]
