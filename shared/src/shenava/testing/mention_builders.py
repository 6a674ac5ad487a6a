"""Mentions as tests need them, in Persian, romanised Persian and English: heard, understood, passed and corrected.

An event takes the fields of its mention too: ``received(text="…", brand="nilgoon")``.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from shenava import events as e
from shenava.events.mentions import Author, Classification, Mention, Probabilities
from shenava.ids import derive, mention_id

BRAND = "nilgoon"
BASE = datetime(2026, 3, 21, 8, 30, tzinfo=UTC)
"""When the complaint of every built story was written: noon at Tehran on the first day of 1405."""

TEXTS = {
    "fa": "سفارشم دو هفته‌ست که نرسیده؛ کسی هم جواب نمی‌ده!",
    "fa-Latn": "sefaresham do hafte ast ke nareside, kasi ham javab nemide!",
    "en": "My order is two weeks late and nobody answers!",
}
AUTHORS = {
    "fa": Author(id="u-1", handle="mina_k", name="مینا", followers=1200),
    "fa-Latn": Author(id="u-2", handle="reza.t", name="Reza", followers=85),
    "en": Author(id="u-3", handle="anna", name="Anna", followers=310),
}


def mention(language: str = "fa", *, brand: str = BRAND, **over: Any) -> Mention:
    """A complaint about a late order; ``brand`` only shapes its id."""
    native_id = over.get("native_id", "p-1")
    channel = over.get("channel", "instagram")
    given: dict[str, Any] = {
        "mention_id": mention_id(brand, channel, native_id),
        "channel": channel,
        "native_id": native_id,
        "conversation": "t-1",
        "author": AUTHORS[language],
        "text": TEXTS[language],
        "posted_at": BASE,
        "received_at": BASE + timedelta(seconds=2),
    }
    return Mention(**given | over)


def classification(language: str = "fa", **over: Any) -> Classification:
    """Scored as a negative complaint."""
    given: dict[str, Any] = {
        "status": "scored",
        "language": language,
        "sentiment": "negative",
        "probabilities": Probabilities(negative=0.75, neutral=0.25, positive=0.0),
        "confidence": 0.75,
        "intent": "complaint",
        "intent_confidence": 0.5,
        "model": "judge",
        "model_version": "1",
    }
    return Classification(**given | over)


def received(language: str = "fa", *, brand: str = BRAND, **over: Any) -> e.MentionReceived:
    """The complaint was heard; takes fields of the event and of its mention."""
    of_mention, of_event = _split(over)
    heard = of_event.pop("mention", None) or mention(language, brand=brand, **of_mention)
    given: dict[str, Any] = {
        "event_id": derive("received", heard.mention_id, heard.change),
        "brand": brand,
        "occurred_at": heard.received_at,
        "mention": heard,
    }
    return e.MentionReceived(**given | of_event)


def classified(language: str = "fa", *, brand: str = BRAND, **over: Any) -> e.MentionClassified:
    """The complaint was understood; takes fields of the event and of its mention."""
    of_mention, of_event = _split(over)
    heard = received(language, brand=brand, mention=of_event.pop("mention", None), **of_mention)
    given: dict[str, Any] = {
        "event_id": derive("classified", heard.event_id),
        "brand": brand,
        "occurred_at": heard.occurred_at,
        "mention": heard.mention,
        "classification": classification(language),
    }
    return e.MentionClassified(**given | of_event)


def passed(cause: e.MentionClassified | None = None, **over: Any) -> e.MentionPassed:
    """Nobody has to act on ``cause``, as the router says it."""
    cause = cause or classified()
    given: dict[str, Any] = {
        "event_id": derive("passed", cause.event_id),
        "brand": cause.brand,
        "occurred_at": cause.occurred_at,
        "mention_id": cause.mention.mention_id,
        "channel": cause.mention.channel,
        "conversation": cause.mention.conversation,
        "cause_id": cause.event_id,
        "rule_id": "thanks",
        "rulebook_version": "r1",
    }
    return e.MentionPassed(**given | over)


def corrected(**over: Any) -> e.MentionCorrected:
    """A person says an hour later that the complaint is none."""
    given: dict[str, Any] = {
        "brand": BRAND,
        "occurred_at": BASE + timedelta(hours=1),
        "mention_id": mention().mention_id,
        "sentiment": "neutral",
        "intent": "question",
        "by": "مینا",
        "reason": "فقط می‌پرسد کی می‌رسد",
    } | over
    said = (given.get(name) for name in ("mention_id", "brand", "occurred_at", "sentiment", "intent", "language", "by"))
    given.setdefault("event_id", derive("corrected", *said))
    return e.MentionCorrected(**given)


def _split(over: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    of_mention = {name: value for name, value in over.items() if name in Mention.__struct_fields__}
    return of_mention, {name: value for name, value in over.items() if name not in of_mention}
