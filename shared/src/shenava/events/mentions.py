"""Mentions: something said about the brand, as heard and as understood."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from shenava.events.base import Count, Event, Id, Instant, LongText, Name, Share, ShortText, Value

Channel = Literal[
    "instagram", "telegram", "bale", "x", "facebook", "linkedin", "youtube", "app_store", "google_play",
    "blog", "podcast", "news", "web", "email",
]  # fmt: skip
AuthorRole = Literal["customer", "competitor", "influencer", "staff"]
Change = Literal["posted", "edited", "deleted"]
Lane = Literal["live", "backfill"]
Sentiment = Literal["negative", "neutral", "positive"]
Intent = Literal["complaint", "question", "praise", "suggestion", "refund", "lead", "spam", "other"]
UnscoredReason = Literal["deleted", "empty_text", "unsupported_language", "language_unsure"]
Severity = Literal["low", "normal", "high", "critical"]
EntityKind = Literal["brand", "product", "person", "competitor", "topic", "influencer"]
Conversation = Annotated[str, Meta(min_length=1, max_length=512)]


class Author(Value, frozen=True, kw_only=True):
    """Who said it. `id` is unique within the channel."""

    id: Annotated[str, Meta(min_length=1, max_length=256)]
    handle: ShortText | None = None
    name: ShortText | None = None
    followers: Count | None = None
    verified: bool = False
    role: AuthorRole | None = None


class Counts(Value, frozen=True, kw_only=True):
    """How far it went, as the channel told; a missing figure is unknown, not zero."""

    likes: Count | None = None
    shares: Count | None = None
    replies: Count | None = None
    views: Count | None = None


class Mention(Value, frozen=True, kw_only=True):
    """One post, comment, review or message in its latest known form.

    Attributes:
        conversation: the thread it belongs to, else its author; with the brand it is the ordering key.
        text: what was written, cleaned of control characters only.
        posted_at: the author's own time; both clocks start from it.
        lane: `backfill` starts no clock and sends no webhook.
    """

    mention_id: Id
    channel: Channel
    native_id: Annotated[str, Meta(min_length=1, max_length=256)]
    conversation: Conversation
    author: Author
    text: LongText
    posted_at: Instant
    received_at: Instant
    change: Change = "posted"
    lane: Lane = "live"
    url: Annotated[str, Meta(max_length=2048)] | None = None
    in_reply_to: Annotated[str, Meta(max_length=256)] | None = None
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    counts: Counts | None = None


class Probabilities(Value, frozen=True, kw_only=True):
    """Calibrated probabilities; they sum to 1."""

    negative: Share
    neutral: Share
    positive: Share


class Entity(Value, frozen=True, kw_only=True):
    """Something of the watchlist that a mention names.

    Attributes:
        id: as the watchlist has it.
        named: the words by which it was named, as written; the first time if several.
        stance: how the author feels about it, from the clauses that name it; none where no model could say.
        confidence: the probability of ``stance``.
    """

    id: ShortText
    kind: EntityKind
    named: ShortText
    stance: Sentiment | None = None
    confidence: Share | None = None


class Classification(Value, frozen=True, kw_only=True):
    """What the model understood, or why it did not say.

    Attributes:
        language: ISO 639 code, `fa-Latn` for romanised Persian, `und` when unknown.
        reason: why there is no score; absent exactly when `status` is `scored`.
        confidence: the probability of the chosen sentiment.
        low_confidence: the confidence is under the configured threshold.
        severity: how much harm waits if nobody acts; told for unscored texts too, from what is known of them.
        severity_reasons: why it is not normal, as closed words with their values, strongest first.
        entities: what of the watchlist is named, in the order of the text.
        model: id and version of the model that spoke.
    """

    status: Literal["scored", "unscored"]
    language: Annotated[str, Meta(min_length=2, max_length=16)]
    reason: UnscoredReason | None = None
    sentiment: Sentiment | None = None
    probabilities: Probabilities | None = None
    confidence: Share | None = None
    low_confidence: bool = False
    intent: Intent | None = None
    intent_confidence: Share | None = None
    severity: Severity = "normal"
    severity_reasons: Annotated[tuple[ShortText, ...], Meta(max_length=16)] = ()
    entities: Annotated[tuple[Entity, ...], Meta(max_length=32)] = ()
    model: ShortText
    model_version: ShortText


class MentionReceived(Event, frozen=True, kw_only=True):
    """A mention was heard, edited or deleted at its source."""

    TYPE: ClassVar[str] = "shenava.mention.received.v1"

    mention: Mention

    @property
    def key(self) -> str:
        """Brand and conversation: one story stays in order."""
        return conversation_key(self.brand, self.mention)


class MentionClassified(Event, frozen=True, kw_only=True):
    """A received mention was scored, or said to be unscored; carries the mention whole."""

    TYPE: ClassVar[str] = "shenava.mention.classified.v1"

    mention: Mention
    classification: Classification

    @property
    def key(self) -> str:
        """The same key as the mention it classifies."""
        return conversation_key(self.brand, self.mention)


class MentionPassed(Event, frozen=True, kw_only=True):
    """Nobody has to act on a classified mention: how those are accounted for that come into no issue.

    Attributes:
        cause_id: the event id of the classified mention.
        rule_id: the attention rule that passed it, `default`, or `outdated` where a newer form was known already.
    """

    TYPE: ClassVar[str] = "shenava.mention.passed.v1"

    mention_id: Id
    channel: Channel
    conversation: Conversation
    cause_id: Id
    rule_id: Name
    rulebook_version: Name

    @property
    def key(self) -> str:
        """The same key as the mention that was passed."""
        return conversation_key(self.brand, self)


def conversation_key(brand: str, said: Mention | MentionPassed) -> str:
    """The ordering key of everything said in one conversation about one brand."""
    return f"{brand}:{said.channel}:{said.conversation}"
