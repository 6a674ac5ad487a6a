"""What callers submit when a mention was judged wrongly, and the event that is made of it. Pure."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from ingestor.checks import check_id, checked_instant
from ingestor.submissions import ExternalId
from shenava.errors import Invalid
from shenava.events import MentionCorrected
from shenava.events.base import Brand, Id, Instant, Name, ShortText
from shenava.events.corrections import LanguageCode
from shenava.events.mentions import Channel, Intent, Sentiment
from shenava.ids import derive, mention_id
from shenava.text import readable

_NAME_LENGTH = 256
_REASON_LENGTH = 512
_LABELS = ("sentiment", "intent", "language")


class SubmittedCorrection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a mention is, where it was judged wrongly. At least one label; one that is left out stays as it is.

    Attributes:
        mention_id: as the answer to the mention told it; or else `channel` and `native_id`, which it is derived from.
        native_id: the channel's own id of the mention.
        language: ISO 639 code, `fa-Latn` for romanised Persian.
        by: who says so: a name or an id of yours.
        reason: why, for people.
        occurred_at: when it was said. Needed: it decides which form of the text is meant, and which of two
            corrections is the later one, and makes a repeat known.
    """

    by: Annotated[str, Meta(min_length=1, max_length=_NAME_LENGTH)]
    brand: Brand = "default"
    mention_id: Id | None = None
    channel: Channel | None = None
    native_id: ExternalId | None = None
    sentiment: Sentiment | None = None
    intent: Intent | None = None
    language: LanguageCode | None = None
    reason: ShortText | None = None
    occurred_at: Instant | None = None


def correction_event(
    submitted: SubmittedCorrection, now: datetime, said_at: datetime | None = None
) -> MentionCorrected:
    """The event that says a mention was corrected; its id follows from all that was said, not from the arrival.

    Args:
        submitted: what the caller sent; its constraints hold.
        now: the time of arrival.
        said_at: when it was said, where only an envelope tells it.

    Raises:
        Invalid: no label, no time, no mention or two different ones, or an id or a time that cannot be.
    """
    if all(getattr(submitted, name) is None for name in _LABELS):
        raise Invalid("no_label", f"nothing is corrected; give at least one of: {', '.join(_LABELS)}", pointer="")
    instant, by = _instant(submitted, now, said_at), _by(submitted.by)
    reason = (readable(submitted.reason, _REASON_LENGTH) or None) if submitted.reason else None
    corrected, labels = _mention(submitted), (submitted.sentiment, submitted.intent, submitted.language)
    said = (instant.astimezone(UTC).isoformat(), *(label or "" for label in labels), by, reason or "")
    return MentionCorrected(
        event_id=derive("corrected", submitted.brand, corrected, *said),
        brand=submitted.brand,
        occurred_at=instant,
        mention_id=corrected,
        sentiment=submitted.sentiment,
        intent=submitted.intent,
        language=submitted.language,
        by=by,
        reason=reason,
    )


def _instant(submitted: SubmittedCorrection, now: datetime, said_at: datetime | None) -> datetime:
    given = submitted.occurred_at or said_at
    if given is None:
        detail = "'occurred_at' is needed: without it a repeat could not be told from a second correction"
        raise Invalid("missing_field", detail, pointer="/occurred_at")
    return checked_instant(given, now, "/occurred_at")


def _by(given: str) -> Name:
    if by := readable(given, _NAME_LENGTH):
        return by
    raise Invalid("invalid_field", "nothing readable is in it; say who corrects", pointer="/by")


def _mention(submitted: SubmittedCorrection) -> Id:
    """The mention's id, told or derived."""
    s = submitted
    if s.native_id is None and s.mention_id is not None:
        check_id(s.mention_id, "/mention_id")
        return s.mention_id
    if s.native_id is None or s.channel is None:
        lacking = "mention_id" if s.native_id is None else "channel"
        detail = f"{lacking!r} is needed: name the mention by mention_id, or by channel and native_id"
        raise Invalid("missing_field", detail, pointer=f"/{lacking}")
    check_id(s.native_id, "/native_id")
    derived = mention_id(s.brand, s.channel, s.native_id)
    if s.mention_id not in (None, derived):
        detail = f"brand, channel and native_id are those of {derived}; leave one of the two ways out"
        raise Invalid("another_mention", detail, pointer="/mention_id")
    return derived
