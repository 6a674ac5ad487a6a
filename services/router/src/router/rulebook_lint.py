"""Finds rulebooks whose parts are valid and whose whole is not: parts missing, doubled, never reached. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from router import cel
from router.cel_tokens import tokens
from router.condition_lint import mistakes
from router.facts import UNKNOWN
from router.rulebook_faults import Flaw
from router.rulebook_file import RulebookFile
from shenava.events.issues import Queue
from shenava.yaml_source import Place

RESERVED = frozenset({"default", "fallback", "outdated", "unscored", "reassigned"})
"""Names that explanations and metrics use for what no rule decided."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A compiled condition and where it stands."""

    place: Place
    id: str
    condition: cel.Condition


def flaws(file: RulebookFile, ordered: Sequence[Sequence[Stated]], unordered: Sequence[Stated]) -> Iterator[Flaw]:
    """What is wrong with the whole; ``ordered`` are the lists of which the first match wins."""
    everything = [*(stated for listed in ordered for stated in listed), *unordered]
    yield from _without_queue(file)
    yield from _identities(everything)
    for stated in everything:
        yield from _literals(stated)
    for listed in ordered:
        yield from _unreachable(listed)
    for stated in unordered:
        if _constant(stated.condition) is False:
            yield _never(stated)


def _without_queue(file: RulebookFile) -> Iterator[Flaw]:
    for queue in get_args(Queue):
        if queue not in file.queues:
            yield Flaw(("queues",), f"{queue} is missing; every queue needs an accountable owner")


def _identities(everything: Sequence[Stated]) -> Iterator[Flaw]:
    times = Counter(stated.id for stated in everything)
    for stated in everything:
        if stated.id in RESERVED:
            yield Flaw((*stated.place, "id"), f"{stated.id!r} has a meaning of its own; choose another id")
        elif times[stated.id] > 1:
            yield Flaw((*stated.place, "id"), f"{stated.id!r} is used {times[stated.id]} times; ids are unique")


def _literals(stated: Stated) -> Iterator[Flaw]:
    for mistake in mistakes(stated.condition):
        yield Flaw((*stated.place, "when"), mistake.message, (mistake.line, mistake.column))


def _unreachable(listed: Sequence[Stated]) -> Iterator[Flaw]:
    always: Stated | None = None
    first: dict[tuple[str, ...], str] = {}
    for stated in listed:
        same = tuple(token.text for token in tokens(stated.condition.source))
        value = _constant(stated.condition)
        if always is not None:
            yield Flaw((*stated.place, "when"), f"is never reached: rule {always.id} before it is always true")
        elif value is False:
            yield _never(stated)
        elif same in first:
            yield Flaw((*stated.place, "when"), f"is never reached: rule {first[same]} has the same condition")
        elif value is True:
            always = stated
        first.setdefault(same, stated.id)


def _constant(condition: cel.Condition) -> bool | None:
    """The value of a condition that reads nothing of the mention; None for one that does."""
    if condition.reads:
        return None
    value = condition.holds(cel.bind(UNKNOWN))
    return value if isinstance(value, bool) else None


def _never(stated: Stated) -> Flaw:
    return Flaw((*stated.place, "when"), "is never true; remove the rule")
