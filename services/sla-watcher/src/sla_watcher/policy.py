"""The policies: which promises hold for which queue and severity, and who is told when they run out.

A policy file is YAML; ``config/sla.yaml`` shows every field. The first policy that matches an issue is its policy.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shenava.durations import duration
from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.events.sla import ClockName
from shenava.faults import faults
from shenava.yaml_source import InvalidYaml, YamlSource, written
from sla_watcher.offsets import Offset, offset

Anchor = Literal["complaint", "handoff"]
LevelKind = Literal["warn", "breach", "escalate"]
CLOCKS: tuple[ClockName, ...] = get_args(ClockName)
QUEUES: tuple[Queue, ...] = get_args(Queue)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
MAX_LEVELS = 100

_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
_Duration = Annotated[timedelta, BeforeValidator(duration)]


class InvalidPolicy(Exception):  # noqa: N818 - it is told to a person as it stands
    """The policy file cannot be used; every line of the message says where and how to mend it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Part):
    """A rung of the ladder.

    Attributes:
        name: with issue, round and clock what makes a firing unique; a renamed level is another level.
        tell: the roles to be told, e.g. ``owner``, ``lead``, ``manager``.
    """

    name: _Name
    kind: LevelKind
    offset: Annotated[Offset, BeforeValidator(offset)]
    tell: tuple[_Name, ...] = ()


Ladder = Annotated[tuple[Level, ...], Field(min_length=1, max_length=MAX_LEVELS)]


class _Match(_Part):
    queue: Annotated[frozenset[Queue], Field(min_length=1)] | None = None
    severity: Annotated[frozenset[Severity], Field(min_length=1)] | None = None

    def __contains__(self, cell: tuple[Queue | None, Severity]) -> bool:
        queue, severity = cell
        return (self.queue is None or queue in self.queue) and (self.severity is None or severity in self.severity)


class _Triage(_Part):
    target: _Duration = timedelta(hours=12)
    ladder: _Name = "default"


class _Resolution(_Part):
    target: _Duration = timedelta(hours=24)
    anchor: Anchor = "complaint"
    ladder: _Name = "default"


class _Entry(_Part):
    name: _Name
    when: _Match = _Match()
    calendar: Literal["24x7"] = "24x7"
    triage: _Triage = _Triage()
    resolution: _Resolution = _Resolution()


class _File(_Part):
    ladders: dict[_Name, Ladder] = {}
    policies: Annotated[tuple[_Entry, ...], Field(min_length=1)]


DEFAULT_LADDER: tuple[Level, ...] = tuple(
    Level.model_validate(level)
    for level in (
        {"name": "warning", "kind": "warn", "offset": "-25%", "tell": ["owner"]},
        {"name": "breach", "kind": "breach", "offset": "0", "tell": ["owner"]},
        {"name": "lead", "kind": "escalate", "offset": "+25%", "tell": ["lead"]},
        {"name": "manager", "kind": "escalate", "offset": "+100%", "tell": ["manager"]},
    )
)


@dataclass(frozen=True, slots=True)
class Terms:
    """One promise: within ``target`` of the anchor, and the ladder around its deadline."""

    target: timedelta
    anchor: Anchor
    ladder: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The promises to the issues that match it."""

    name: str
    when: _Match
    triage: Terms
    resolution: Terms

    def terms(self, clock: ClockName) -> Terms:
        """What is promised on ``clock``."""
        return self.triage if clock == "triage" else self.resolution


@dataclass(frozen=True, slots=True)
class SlaPolicies:
    """A policy file in force.

    Attributes:
        version: hash of the file's content (comments and layout do not count), with the speed if it is not 1.
        document: the content as it was written.
    """

    version: str
    speed: float
    document: Any
    policies: tuple[Policy, ...]

    def choose(self, queue: Queue | None, severity: Severity) -> Policy:
        """The first policy that matches; ``queue`` is None while nobody was routed to."""
        return next(policy for policy in self.policies if (queue, severity) in policy.when)


def parse(text: str, *, speed: float = 1.0) -> SlaPolicies:
    """The policies written in ``text``, every duration divided by ``speed``.

    Raises:
        InvalidPolicy: with every fault that was found.
    """
    try:
        source = YamlSource.of(text.encode())
    except InvalidYaml as error:
        raise InvalidPolicy(str(error)) from None
    if source.repeated:  # half of a promise would be lost
        raise InvalidPolicy(
            "\n".join(f"line {line}: {place[-1]!r} is given twice; keep one" for place, line in source.repeated)
        )
    return build(source.data, speed=speed)


def build(document: Any, *, speed: float = 1.0) -> SlaPolicies:
    """The policies of a ``document`` that was read already; see :func:`parse`."""
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise InvalidPolicy("\n".join(_told(error))) from None
    ladders = {"default": DEFAULT_LADDER, **file.ladders}
    faults = [*_ladder_faults(ladders), *_entry_faults(file.policies, ladders), *_order_faults(file.policies)]
    if faults:
        raise InvalidPolicy("\n".join(faults))
    content = json.dumps(document, sort_keys=True, ensure_ascii=False)
    version = hashlib.sha256(content.encode()).hexdigest()[:12] + ("" if speed == 1 else f"@{speed:g}x")
    return SlaPolicies(version, speed, document, tuple(_policy(entry, ladders, speed) for entry in file.policies))


def _policy(entry: _Entry, ladders: dict[str, tuple[Level, ...]], speed: float) -> Policy:
    def terms(promise: _Triage | _Resolution, anchor: Anchor) -> Terms:
        ladder = tuple(
            level.model_copy(update={"offset": level.offset.divided(speed)}) for level in ladders[promise.ladder]
        )
        return Terms(promise.target / speed, anchor, ladder)

    return Policy(
        entry.name, entry.when, terms(entry.triage, "complaint"), terms(entry.resolution, entry.resolution.anchor)
    )


def _told(error: ValidationError) -> Iterator[str]:
    for fault in faults(error):
        yield f"{written(fault.place) or 'the file'}: {fault.message}"


def _ladder_faults(ladders: dict[str, tuple[Level, ...]]) -> Iterator[str]:
    for name, ladder in ladders.items():
        levels = [level.name for level in ladder]
        for twice in sorted({level for level in levels if levels.count(level) > 1}):
            yield f"ladders.{name}: two levels are called {twice!r}; a level's name must be its own"
        breaches = [level for level in ladder if level.kind == "breach"]
        if len(breaches) != 1:
            yield f"ladders.{name}: {len(breaches)} levels of kind breach; a ladder has exactly one"
        for level in breaches:
            if level.offset.of(timedelta(hours=1)) < timedelta():
                yield f"ladders.{name}: {level.name!r} breaches before the deadline; its offset must be 0 or positive"


def _entry_faults(entries: Sequence[_Entry], ladders: dict[str, tuple[Level, ...]]) -> Iterator[str]:
    for entry, clock in product(entries, CLOCKS):
        promise = entry.triage if clock == "triage" else entry.resolution
        place = f"policy {entry.name!r}, {clock}"
        if promise.ladder not in ladders:
            yield f"{place}: no ladder is called {promise.ladder!r}; there are {', '.join(sorted(ladders))}"
        for level in ladders.get(promise.ladder, ()):
            if promise.target + level.offset.of(promise.target) < timedelta():
                yield f"{place}: level {level.name!r} at {level.offset.written} would fall due before the clock starts"


def _order_faults(entries: Sequence[_Entry]) -> Iterator[str]:
    names = [entry.name for entry in entries]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        yield f"policies: two are called {twice!r}; a policy's name must be its own"
    cells = list(product((None, *QUEUES), SEVERITIES))
    winners = {cell: next((i for i, entry in enumerate(entries) if cell in entry.when), None) for cell in cells}
    for position, entry in enumerate(entries):
        if position not in winners.values():
            yield f"policies[{position}]: {entry.name!r} is never reached; earlier policies take all that it matches"
    if None in winners.values():
        yield "policies: some issues match none; end the list with a policy that has no `when`"
