"""Tells a person why a mention would go where it would go. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from router.decide import Pass, Route
from router.facts import UNKNOWN, VOCABULARY, Fact, Facts, facts
from router.plain_text import plain
from router.rulebook import Rulebook
from shenava.codec import decode_json
from shenava.errors import Invalid
from shenava.events import MentionClassified
from shenava.events.issues import Decision


class Asked(NamedTuple):
    """A mention to explain: its facts, and why it is as severe as it is, where that is known."""

    known: Facts
    severity_reasons: tuple[str, ...] = ()


def asked(content: bytes) -> Asked:
    """The mention in JSON: a ``MentionClassified`` event as it is on the topic, or an object of facts by name.

    Facts that are not given are unknown; with a sentiment or an intent the mention counts as scored.

    Raises:
        Invalid: not JSON, no such fact, or a value that it cannot have.
    """
    given = decode_json(content, dict[str, object])
    if "mention" in given:
        event = decode_json(content, MentionClassified)
        return Asked(facts(event), event.classification.severity_reasons)
    known: dict[str, Fact] = {**UNKNOWN}
    if "sentiment" in given or "intent" in given:
        known["status"] = "scored"
    for name, value in given.items():
        known[name] = _value(name, value)
    known["text"] = plain(str(known["text"]))
    return Asked(known)


def _value(name: str, value: object) -> Fact:
    if name not in UNKNOWN:
        raise Invalid("unknown_fact", f"there is no {name!r}; known: {', '.join(UNKNOWN)}", pointer=f"/{name}")
    try:
        found: Fact = msgspec.convert(value, type=type(UNKNOWN[name]))
    except msgspec.ValidationError as error:
        raise Invalid("invalid_fact", str(error), pointer=f"/{name}") from error
    if name in VOCABULARY and found not in VOCABULARY[name]:
        listed = ", ".join(repr(label) for label in sorted(VOCABULARY[name]))
        raise Invalid("invalid_fact", f"{name} is never {found!r}; it is one of {listed}", pointer=f"/{name}")
    return found


def told(verdict: Pass | Route, rulebook: Rulebook, severity_reasons: tuple[str, ...] = ()) -> Iterator[str]:
    """The lines of the explanation."""
    if isinstance(verdict, Pass):
        yield f"nobody has to act: attention rule {verdict.decision.rule_id} (rulebook {rulebook.version})"
        return
    decision = verdict.decision
    lines: Mapping[str, str] = {
        "queue": verdict.destination.queue,
        "owner": verdict.destination.owner,
        "severity": f"{verdict.destination.severity} ({_whose(decision, rulebook, severity_reasons)})",
        "rule": f"{decision.rule_id} (rulebook {decision.rulebook_version})",
        "condition": decision.condition,
        "tried before": ", ".join(decision.considered),
        "would match too": ", ".join(decision.also_matching),
        "told as well": ", ".join(verdict.subscribers),
    }
    yield from (f"{name:<16}{value}" for name, value in lines.items() if value)
    yield from (f"{'':<16}{fact.name} = {fact.value}" for fact in decision.facts)
    yield from (f"{'failed':<16}{failure.rule_id}: {failure.reason}" for failure in verdict.failures)


def _whose(decision: Decision, rulebook: Rulebook, reasons: tuple[str, ...]) -> str:
    """Who says how severe the issue is."""
    placements = {rule.id: rule.placement for rule in rulebook.rules}
    placement = rulebook.fallback if decision.fallback else placements[decision.rule_id]
    if placement.severity is not None:
        return "the rule's"
    return ": ".join(filter(None, ["the mention's", ", ".join(reasons)]))
