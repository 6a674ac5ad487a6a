"""What conditions may ask about a mention: the names, their types, their closed vocabularies, their values. Pure.

A figure or label that is not known is 0, false or empty, never absent, so that no condition fails for want of it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, get_args

from router.plain_text import plain
from shenava.events import MentionClassified
from shenava.events.mentions import (
    AuthorRole,
    Change,
    Channel,
    Counts,
    Entity,
    EntityKind,
    Intent,
    Lane,
    Sentiment,
    Severity,
    UnscoredReason,
)

Fact = str | bool | int | float | datetime
Facts = Mapping[str, Fact]

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

UNKNOWN: dict[str, Fact] = {
    # the words
    "text": "", "language": "und", "status": "unscored", "reason": "", "sentiment": "", "intent": "",
    "confidence": 0.0, "intent_confidence": 0.0, "negativity": 0.0, "low_confidence": False,
    "severity": "normal",
    # who is spoken of
    "own": False, "competitor": False, "stance": "",
    # where and when
    "brand": "default", "channel": "", "lane": "live", "change": "posted", "is_reply": False,
    "posted_at": NEVER, "hour": 0,
    # who
    "author": "", "handle": "", "role": "", "verified": False, "followers": 0,
    # how far it went
    "rating": 0, "likes": 0, "shares": 0, "replies": 0, "views": 0,
}  # fmt: skip
"""Every fact with its value when nothing is known; the value's type is the fact's type.

``text`` is in the form of :func:`router.plain_text.plain`; ``negativity`` is the probability of a negative sentiment;
``own`` says that our brand, one of our products or people is named, ``competitor`` that one is, by the watchlist;
``stance`` is how the author feels about ours: the worst, if about several;
``severity`` is how much harm waits if nobody acts, told of unscored mentions too;
``hour`` is that of ``posted_at`` in UTC (``posted_at.getHours("Asia/Tehran")`` gives another zone's); ``rating`` is
1 to 5; ``is_reply`` says that it answers another post.
"""

VOCABULARY: dict[str, frozenset[str]] = {
    "channel": frozenset(get_args(Channel)),
    "lane": frozenset(get_args(Lane)),
    "change": frozenset(get_args(Change)),
    "status": frozenset({"scored", "unscored"}),
    "reason": frozenset({*get_args(UnscoredReason), ""}),
    "sentiment": frozenset({*get_args(Sentiment), ""}),
    "intent": frozenset({*get_args(Intent), ""}),
    "severity": frozenset(get_args(Severity)),
    "stance": frozenset({*get_args(Sentiment), ""}),
    "role": frozenset({*get_args(AuthorRole), ""}),
}
"""The only values that these facts can have; a condition that compares with another one could never be true."""

OWN: frozenset[EntityKind] = frozenset({"brand", "product", "person"})
"""Kinds of what is ours."""

_WORST_FIRST: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
_LONGEST_SHOWN = 512


def facts(event: MentionClassified) -> Facts:
    """What is known of the mention in ``event``."""
    mention, verdict = event.mention, event.classification
    counts = mention.counts or Counts()
    kinds = {entity.kind for entity in verdict.entities}
    return {
        "text": plain(mention.text),
        "language": verdict.language,
        "status": verdict.status,
        "reason": verdict.reason or "",
        "sentiment": verdict.sentiment or "",
        "intent": verdict.intent or "",
        "confidence": verdict.confidence or 0.0,
        "intent_confidence": verdict.intent_confidence or 0.0,
        "negativity": verdict.probabilities.negative if verdict.probabilities else 0.0,
        "low_confidence": verdict.low_confidence,
        "severity": verdict.severity,
        "own": not OWN.isdisjoint(kinds),
        "competitor": "competitor" in kinds,
        "stance": _stance(verdict.entities),
        "brand": event.brand,
        "channel": mention.channel,
        "lane": mention.lane,
        "change": mention.change,
        "is_reply": mention.in_reply_to is not None,
        "posted_at": mention.posted_at,
        "hour": mention.posted_at.astimezone(UTC).hour,
        "author": mention.author.id,
        "handle": (mention.author.handle or "").casefold(),
        "role": mention.author.role or "",
        "verified": mention.author.verified,
        "followers": mention.author.followers or 0,
        "rating": mention.rating or 0,
        "likes": counts.likes or 0,
        "shares": counts.shares or 0,
        "replies": counts.replies or 0,
        "views": counts.views or 0,
    }


def _stance(entities: Sequence[Entity]) -> Sentiment | Literal[""]:
    """The worst stance towards what is ours; empty where none is known."""
    found = {entity.stance for entity in entities if entity.kind in OWN}
    return next((stance for stance in _WORST_FIRST if stance in found), "")


def shown(value: Fact) -> str:
    """``value`` as an explanation shows it, short enough for an event's field."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)[:_LONGEST_SHOWN]
