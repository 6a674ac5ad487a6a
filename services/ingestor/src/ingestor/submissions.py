"""What callers submit, and the events that are made of it.

The structs forbid unknown fields, so that a misspelt one is found instead of silently dropped. All ids are derived
from what was submitted: the same submission sent again gives the same ids, and so has no second effect.
"""

import hashlib
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingestor.checks import check_id, checked_instant
from shenava.errors import Invalid
from shenava.events import FactRecorded, MentionReceived
from shenava.events.base import Brand, Instant, LongText, ShortText
from shenava.events.facts import FactKind, FactValue
from shenava.events.mentions import Author, Change, Channel, Counts, Lane, Mention
from shenava.ids import derive, mention_id
from shenava.text import readable

_NAME_LENGTH = 512
_TEXT_LENGTH = 100_000
_ID_PLACES = ("/native_id", "/author/id", "/conversation", "/revision", "/in_reply_to", "/url")
_encoder = msgspec.json.Encoder()

ExternalId = Annotated[str, Meta(min_length=1, max_length=256)]
FigureName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]


class SubmittedAuthor(Author, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Who said it. `id` is unique within the channel; leave `role` out when it is unknown."""


class SubmittedCounts(Counts, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """How far it went, as the channel told; leave out what is unknown."""


class SubmittedMention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One post, comment, review or message, or a later form of one.

    Attributes:
        native_id: the channel's own id of it; with brand and channel it identifies the mention for ever.
        conversation: the thread it belongs to; without one, its author is taken.
        text: needed unless the mention was deleted; may be empty (a picture, a rating).
        posted_at: the author's own time; without one, the time of arrival is taken.
        change: `edited` and `deleted` repeat the native id of the mention they change.
        revision: the source's own mark of this form; the same mark again is the same form. Without one, the content
            decides.
        lane: `backfill` for what is imported later: it starts no clock and sends no webhook.
    """

    channel: Channel
    native_id: ExternalId
    author: SubmittedAuthor
    text: LongText | UnsetType = UNSET
    brand: Brand = "default"
    conversation: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    posted_at: Instant | None = None
    change: Change = "posted"
    revision: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    lane: Lane = "live"
    url: Annotated[str, Meta(max_length=2048, pattern="^https?://")] | None = None
    in_reply_to: ExternalId | None = None
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    counts: SubmittedCounts | None = None


class SubmittedFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One business fact that no mention tells.

    Attributes:
        fact_id: the caller's own id of it, unique within brand and kind; the same one again is the same fact.
        occurred_at: when it happened; without one, the time of arrival is taken.
        values: named figures, e.g. `{"amount": 1250000}`.
        attributes: named texts, e.g. `{"channel": "instagram", "currency": "IRR"}`.
    """

    kind: FactKind
    fact_id: ExternalId
    brand: Brand = "default"
    occurred_at: Instant | None = None
    values: Annotated[dict[FigureName, FactValue], Meta(max_length=32)] = msgspec.field(default_factory=dict)
    attributes: Annotated[dict[FigureName, ShortText], Meta(max_length=32)] = msgspec.field(default_factory=dict)


def to_event(submitted: SubmittedMention, now: datetime, said_at: datetime | None = None) -> MentionReceived:
    """The event that says a mention was received at ``now``.

    Its id follows from the mention, the change, and the revision or else the content; not from the time of arrival
    nor from the lane, so a repeat is recognised even when it comes by another way.

    Args:
        submitted: what the caller sent; its constraints hold.
        now: the time of arrival.
        said_at: the author's time where only an envelope tells it.

    Raises:
        Invalid: a time, an id or a missing text that no constraint of a single field can find.
    """
    _check_ids(submitted)
    heard = _mention(submitted, now, _instant(submitted.posted_at or said_at, now, "/posted_at"))
    mark = submitted.revision or _content_mark(heard, told_time=submitted.posted_at is not None)
    return MentionReceived(
        event_id=derive("received", heard.mention_id, heard.change, mark),
        brand=submitted.brand,
        occurred_at=now,
        mention=heard,
    )


def fact_event(submitted: SubmittedFact, now: datetime, said_at: datetime | None = None) -> FactRecorded:
    """The event that records a fact; its id follows from brand, kind and the caller's id alone.

    Raises:
        Invalid: a time or an id that no constraint of a single field can find.
    """
    check_id(submitted.fact_id, "/fact_id")
    return FactRecorded(
        event_id=derive("fact", submitted.brand, submitted.kind, submitted.fact_id),
        brand=submitted.brand,
        occurred_at=_instant(submitted.occurred_at or said_at, now, "/occurred_at"),
        kind=submitted.kind,
        fact_id=submitted.fact_id,
        values=submitted.values,
        attributes={name: readable(text, _NAME_LENGTH) for name, text in submitted.attributes.items()},
    )


def _mention(submitted: SubmittedMention, now: datetime, posted_at: datetime) -> Mention:
    counts = submitted.counts
    return Mention(
        mention_id=mention_id(submitted.brand, submitted.channel, submitted.native_id),
        channel=submitted.channel,
        native_id=submitted.native_id,
        conversation=submitted.conversation or submitted.author.id,
        author=_author(submitted.author),
        text=_text(submitted),
        posted_at=posted_at,
        received_at=now,
        change=submitted.change,
        lane=submitted.lane,
        url=submitted.url,
        in_reply_to=submitted.in_reply_to,
        rating=submitted.rating,
        counts=counts and Counts(likes=counts.likes, shares=counts.shares, replies=counts.replies, views=counts.views),
    )


def _text(submitted: SubmittedMention) -> str:
    if submitted.change == "deleted":
        return ""  # what its author took back is not kept
    if submitted.text is UNSET:
        raise Invalid(
            "missing_text", f'a mention that was {submitted.change} needs its text, "" if empty', pointer="/text"
        )
    return readable(submitted.text, _TEXT_LENGTH)


def _author(submitted: SubmittedAuthor) -> Author:
    return Author(
        id=submitted.id,
        handle=_name(submitted.handle),
        name=_name(submitted.name),
        followers=submitted.followers,
        verified=submitted.verified,
        role=submitted.role,
    )


def _name(given: str | None) -> str | None:
    return (readable(given, _NAME_LENGTH) or None) if given else None


class _Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What makes two forms of a mention differ; a new field must have a default, so that old ids stay as they are."""

    text: str
    author: Author
    conversation: str
    posted_at: datetime | None = None
    url: str | None = None
    in_reply_to: str | None = None
    rating: int | None = None
    counts: Counts | None = None


def _content_mark(heard: Mention, *, told_time: bool) -> str:
    """A hash of what was said, the same for every sending of it; a time counts only if it was told."""
    content = _Content(
        text=heard.text,
        author=heard.author,
        conversation=heard.conversation,
        posted_at=heard.posted_at if told_time else None,
        url=heard.url,
        in_reply_to=heard.in_reply_to,
        rating=heard.rating,
        counts=heard.counts,
    )
    return hashlib.sha256(_encoder.encode(content)).hexdigest()


def _instant(given: datetime | None, now: datetime, pointer: str) -> datetime:
    return now if given is None else checked_instant(given, now, pointer)


def _check_ids(submitted: SubmittedMention) -> None:
    s = submitted
    given = (s.native_id, s.author.id, s.conversation or "", s.revision or "", s.in_reply_to or "", s.url or "")
    # One look over all of them: what is printable holds no control and no white space but the space.
    joined = "".join(given)
    if joined.isprintable() and " " not in joined:
        return
    for value, pointer in zip(given, _ID_PLACES, strict=True):
        check_id(value, pointer)
