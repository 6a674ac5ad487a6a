"""The rulebook: who must act on what, in conditions; read from YAML, checked whole, named by its content.

Three lists of rules and a fallback. *Attention* says whether anybody has to act (ordered, first match wins, with a
default). *Rules* name the one queue and its accountable owner (ordered, first match wins, fallback at the end).
*Subscriptions* tell others beside the owner (all matches). Pure, apart from :func:`load`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from router import cel
from router.rulebook_faults import Fault, Flaw, InvalidRulebook
from router.rulebook_file import (
    AttentionEntry,
    DestinationEntry,
    QueueEntry,
    RulebookFile,
    RuleEntry,
    SubscriptionEntry,
)
from router.rulebook_lint import Stated, flaws
from router.yaml_source import Source
from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.faults import faults
from shenava.yaml_source import Place


class Destination(NamedTuple):
    """The one queue that gets an issue, who is accountable there, and how much it matters."""

    queue: Queue
    owner: str
    severity: Severity


class Placement(NamedTuple):
    """What a rule names: its destination, whose severity may be left to the mention.

    Attributes:
        severity: the issue's, whatever the mention says; None where the mention's own is taken.
    """

    queue: Queue
    owner: str
    severity: Severity | None

    def of(self, severity: Severity) -> Destination:
        """The destination of a mention of that severity."""
        return Destination(self.queue, self.owner, self.severity or severity)


@dataclass(frozen=True, slots=True)
class AttentionRule:
    """Whether a mention of this kind needs a person."""

    id: str
    condition: cel.Condition
    act: bool


@dataclass(frozen=True, slots=True)
class OwnershipRule:
    """Where a mention of this kind goes."""

    id: str
    condition: cel.Condition
    placement: Placement


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to know of a mention of this kind."""

    id: str
    condition: cel.Condition
    notify: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A rulebook ready for use.

    Attributes:
        version: the first 12 hexadecimal digits of the SHA-256 of the file's bytes.
        owners: the accountable owner of every queue.
        attends: whether a mention needs a person when no attention rule matches.
    """

    version: str
    owners: Mapping[Queue, str]
    attention: tuple[AttentionRule, ...]
    attends: bool
    rules: tuple[OwnershipRule, ...]
    subscriptions: tuple[Subscription, ...]
    fallback: Placement


def load(path: Path) -> Rulebook:
    """The rulebook in the file at ``path``.

    Raises:
        InvalidRulebook: the file cannot be read, or something in it is wrong; names every fault.
    """
    return parse(read(path), str(path))


def read(path: Path) -> bytes:
    """The bytes of the file at ``path``.

    Raises:
        InvalidRulebook: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidRulebook(str(path), [Fault(f"cannot be read: {error.strerror}")]) from error


def version_of(content: bytes) -> str:
    """The version of a rulebook with this content."""
    return sha256(content).hexdigest()[:12]


def parse(content: bytes, name: str) -> Rulebook:
    """The rulebook in ``content``; ``name`` is what its faults call the file.

    Raises:
        InvalidRulebook: naming every fault with its line, entry, rule and position.
    """
    source = Source.of(content, name)
    try:
        file = RulebookFile.model_validate(source.data)
    except ValidationError as error:
        found = [Flaw(fault.place, fault.message) for fault in faults(error)]
        raise InvalidRulebook(name, [source.fault(flaw) for flaw in found]) from None
    attention = _compiled(file.attention.rules, ("attention", "rules"))
    rules = _compiled(file.rules, ("rules",))
    subscriptions = _compiled(file.subscriptions, ("subscriptions",))
    found = [flaw for part in (attention, rules, subscriptions) for flaw in part.flaws]
    found += flaws(file, [attention.stated, rules.stated], subscriptions.stated)
    if found:
        raise InvalidRulebook(name, [source.fault(flaw) for flaw in found])
    return Rulebook(
        version=version_of(content),
        owners={queue: entry.owner for queue, entry in file.queues.items()},
        attention=tuple(
            AttentionRule(entry.id, stated.condition, entry.act)
            for entry, stated in zip(file.attention.rules, attention.stated, strict=True)
        ),
        attends=file.attention.default,
        rules=tuple(
            OwnershipRule(entry.id, stated.condition, _placement(entry, file.queues))
            for entry, stated in zip(file.rules, rules.stated, strict=True)
        ),
        subscriptions=tuple(
            Subscription(entry.id, stated.condition, entry.notify)
            for entry, stated in zip(file.subscriptions, subscriptions.stated, strict=True)
        ),
        fallback=_placement(file.fallback, file.queues),
    )


class _Compiled(NamedTuple):
    stated: list[Stated]
    flaws: list[Flaw]


def _compiled(entries: Sequence[AttentionEntry | RuleEntry | SubscriptionEntry], place: Place) -> _Compiled:
    result = _Compiled([], [])
    for index, entry in enumerate(entries):
        here = (*place, index)
        try:
            result.stated.append(Stated(here, entry.id, cel.condition(entry.when)))
        except cel.InvalidCondition as error:
            result.flaws.append(Flaw((*here, "when"), error.message, (error.line, error.column)))
    return result


def _placement(entry: DestinationEntry, queues: Mapping[Queue, QueueEntry]) -> Placement:
    severity = None if entry.severity == "auto" else entry.severity
    return Placement(entry.queue, entry.owner or queues[entry.queue].owner, severity)
