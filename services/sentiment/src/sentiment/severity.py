"""How much harm waits if nobody acts on a mention: a level, and the reasons for it, strongest first. Pure.

Points are added up and the sum is read off a ladder; all of it is data, below. What only makes things louder (reach,
urgency, repetition) never makes a level above normal by itself: there must be trouble. In praise, only words of harm
are trouble. A mention taken back by its author is low and needs no reason: nobody is waiting any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import msgspec

from sentiment.harm_matching import words_of_harm
from sentiment.harm_words import WordKind
from shenava.events.mentions import Classification, Counts, Intent, Mention, Severity

Kind = WordKind | Literal["polarity", "intent", "rating", "reach", "spread", "verified"]
Steps = Sequence[tuple[float, int]]
"""From which value on how many points, the highest first."""

LADDER: Sequence[tuple[int, Severity]] = ((10, "critical"), (5, "high"), (0, "normal"))
"""The points from which a level holds; below all of them it is low."""

LOUDEST_WITHOUT_TROUBLE = 4
"""The sum that nothing but trouble exceeds: the last that is normal."""

WORD_POINTS: dict[WordKind, int] = {"harm": 7, "hazard": 4, "legal": 4, "loss": 4, "repeated": 2, "urgent": 1}
INTENT_POINTS: dict[Intent, int] = {
    "refund": 3, "complaint": 2, "lead": 0, "question": -1, "other": -1, "suggestion": -2, "praise": -3, "spam": -4,
}  # fmt: skip
RATING_POINTS = {1: 2, 2: 1}
POLARITY_STEPS: Steps = ((0.85, 3), (0.65, 2), (0.5, 1))  # of the probability that the author is displeased
REACH_STEPS: Steps = ((100_000, 3), (20_000, 2), (5_000, 1))  # followers or views, whichever is more
SPREAD_STEPS: Steps = ((1_000, 2), (100, 1))  # likes, shares and replies together
VERIFIED_POINTS = 1

LOUDER: frozenset[Kind] = frozenset({"reach", "spread", "verified", "urgent", "repeated"})
"""What makes trouble worse and is none itself."""


class Reason(NamedTuple):
    """One reason and its weight; a negative one says why nobody need hurry."""

    kind: Kind
    value: str
    points: int

    def __str__(self) -> str:
        """As events carry it: ``legal:شکایت``, ``verified``."""
        return f"{self.kind}:{self.value}" if self.value else self.kind


class Weighed(NamedTuple):
    """A level and the reasons for it, strongest first."""

    level: Severity
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is known of a mention before any model has read it."""

    text: str
    deleted: bool = False
    rating: int | None = None
    followers: int = 0
    verified: bool = False
    views: int = 0
    reactions: int = 0

    @classmethod
    def of(cls, mention: Mention) -> Self:
        """What ``mention`` tells; an unknown figure counts as none."""
        counts = mention.counts or Counts()
        return cls(
            text=mention.text,
            deleted=mention.change == "deleted",
            rating=mention.rating,
            followers=mention.author.followers or 0,
            verified=mention.author.verified,
            views=counts.views or 0,
            reactions=(counts.likes or 0) + (counts.shares or 0) + (counts.replies or 0),
        )


def graded(verdict: Classification, said: Said) -> Classification:
    """``verdict`` with the severity of ``said``."""
    level, reasons = weigh(said, verdict)
    return msgspec.structs.replace(verdict, severity=level, severity_reasons=tuple(map(str, reasons)))


def weigh(said: Said, verdict: Classification) -> Weighed:
    """The severity of ``said``, which the model understood as ``verdict`` says.

    Of an unscored one words, rating and reach count.
    """
    if said.deleted:
        return Weighed("low", ())
    reasons = sorted(
        (reason for reason in (*_heard(said), *_understood(verdict)) if reason.points),
        key=lambda reason: (-abs(reason.points), reason),
    )
    points = sum(reason.points for reason in reasons)
    if points > LOUDEST_WITHOUT_TROUBLE and not _trouble(reasons, verdict):
        points = LOUDEST_WITHOUT_TROUBLE
    return Weighed(_level(points), tuple(reasons))


def _level(points: int) -> Severity:
    for least, level in LADDER:
        if points >= least:
            return level
    return "low"


def _trouble(reasons: Sequence[Reason], verdict: Classification) -> bool:
    kinds = {reason.kind for reason in reasons if reason.points > 0} - LOUDER
    praised = verdict.intent == "praise" and "polarity" not in kinds
    return bool(kinds - {"rating"} if praised else kinds)


def _heard(said: Said) -> list[Reason]:
    audience = max(said.followers, said.views)
    return [
        *(Reason(kind, phrase, WORD_POINTS[kind]) for kind, phrase in words_of_harm(said.text).items()),
        Reason("rating", str(said.rating), RATING_POINTS.get(said.rating or 0, 0)),
        Reason("reach", str(audience), _step(audience, REACH_STEPS)),
        Reason("spread", str(said.reactions), _step(said.reactions, SPREAD_STEPS)),
        Reason("verified", "", VERIFIED_POINTS if said.verified else 0),
    ]


def _understood(verdict: Classification) -> list[Reason]:
    displeased = verdict.probabilities.negative if verdict.probabilities else 0.0
    wants = [Reason("intent", verdict.intent, INTENT_POINTS[verdict.intent])] if verdict.intent else []
    return [Reason("polarity", f"{displeased:.2f}", _step(displeased, POLARITY_STEPS)), *wants]


def _step(value: float, steps: Steps) -> int:
    return next((points for least, points in steps if value >= least), 0)
