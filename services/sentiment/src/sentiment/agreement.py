"""How far two models agree on the same texts. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shenava.events.mentions import Classification, Sentiment


@dataclass(frozen=True, slots=True)
class Pair:
    """What the live model and the other one said of one text that both scored.

    Attributes:
        place: of the text, among those that were given.
    """

    place: int
    language: str
    live: Sentiment
    other: Sentiment
    live_confidence: float
    other_confidence: float

    @property
    def agree(self) -> bool:
        """They gave the same sentiment."""
        return self.live == self.other

    @property
    def weight(self) -> float:
        """How much a person can learn from looking: two sure models that differ are worth most."""
        return min(self.live_confidence, self.other_confidence)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Figures over some pairs.

    Attributes:
        texts: that both scored.
        share: of them with the same sentiment.
        kappa: Cohen's: 0 as chance would have it, 1 all; none where both always say the same one thing.
        counts: texts by (live, other).
    """

    texts: int
    share: float
    kappa: float | None
    counts: dict[tuple[Sentiment, Sentiment], int]


def paired(live: Sequence[Classification], other: Sequence[Classification]) -> list[Pair]:
    """The texts that both scored."""
    return [
        Pair(place, one.language, one.sentiment, two.sentiment, one.confidence or 0.0, two.confidence or 0.0)
        for place, (one, two) in enumerate(zip(live, other, strict=True))
        if one.sentiment is not None and two.sentiment is not None
    ]


def agreement(pairs: Iterable[Pair]) -> Agreement | None:
    """The figures of ``pairs``; none without any. Kappa: Cohen 1960, doi:10.1177/001316446002000104."""
    counts = Counter((pair.live, pair.other) for pair in pairs)
    texts = counts.total()
    if not texts:
        return None
    share = sum(count for (live, other), count in counts.items() if live == other) / texts
    lives, others = Counter[Sentiment](), Counter[Sentiment]()
    for (live, other), count in counts.items():
        lives[live] += count
        others[other] += count
    chance = sum(lives[label] * others[label] for label in lives) / texts**2
    return Agreement(texts, share, None if chance == 1 else (share - chance) / (1 - chance), dict(counts))


def telling(pairs: Iterable[Pair], most: int) -> list[Pair]:
    """At most ``most`` pairs that disagree, those first from which there is most to learn."""
    return sorted((pair for pair in pairs if not pair.agree), key=lambda pair: (-pair.weight, pair.place))[:most]
