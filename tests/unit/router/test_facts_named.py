"""What rules may ask about whom a mention names."""

import pytest

from router.facts import UNKNOWN, facts
from shenava.events.mentions import Entity, EntityKind, Sentiment
from shenava.testing.mention_builders import classification, classified


def told(*named: tuple[EntityKind, Sentiment | None]) -> tuple[object, ...]:
    entities = tuple(
        Entity(id=f"e{place}", kind=kind, named="x", stance=stance) for place, (kind, stance) in enumerate(named)
    )
    known = facts(classified(classification=classification(entities=entities)))
    return known["own"], known["competitor"], known["stance"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ((), (False, False, "")),
        ((("brand", "positive"),), (True, False, "positive")),
        ((("product", "neutral"), ("person", "positive")), (True, False, "neutral")),
        ((("brand", "positive"), ("product", "negative")), (True, False, "negative")),
        ((("competitor", "negative"),), (False, True, "")),
        ((("competitor", "negative"), ("brand", None)), (True, True, "")),
        ((("topic", "negative"), ("influencer", "positive")), (False, False, "")),
    ],
)
def test_rules_know_whether_we_or_a_competitor_are_named_and_the_worst_stance_towards_us(
    named: tuple[tuple[EntityKind, Sentiment | None], ...], expected: tuple[object, ...]
) -> None:
    assert told(*named) == expected


def test_nothing_named_is_what_is_known_of_nothing() -> None:
    assert told() == tuple(UNKNOWN[name] for name in ("own", "competitor", "stance"))
