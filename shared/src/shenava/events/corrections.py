"""Corrections: what a person says a mention is, where the model judged it wrongly."""

from typing import Annotated, ClassVar

from msgspec import Meta

from shenava.events.base import Event, Id, Name, ShortText
from shenava.events.mentions import Intent, Sentiment

LanguageCode = Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z]{2,8}){0,2}$", max_length=16)]


class MentionCorrected(Event, frozen=True, kw_only=True):
    """A person labelled a mention anew; a label that is left out stays the model's.

    `occurred_at` is when the person judged. The correction speaks of the text as it stood then: a later edit takes it
    away, a later classification of the same text does not.

    Attributes:
        mention_id: derived from brand, channel and native id; the mention itself may be heard of later.
        language: ISO 639 code, `fa-Latn` for romanised Persian, `und` when it is none.
        by: who says so.
        reason: why, for people.
    """

    TYPE: ClassVar[str] = "shenava.mention.corrected.v1"

    mention_id: Id
    sentiment: Sentiment | None = None
    intent: Intent | None = None
    language: LanguageCode | None = None
    by: Name
    reason: ShortText | None = None

    @property
    def key(self) -> str:
        """Brand and mention: what is said of one mention stays in order."""
        return f"{self.brand}:{self.mention_id}"
