"""The rulebook as a person writes it: the shape of the YAML file. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from shenava.events.issues import Queue
from shenava.events.mentions import Severity

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$", strict=True)]
Owner = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=True, strict=True)]
When = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True, strict=True)]


class Entry(BaseModel):
    """Part of the file; a key that is not known is a fault, because it is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class QueueEntry(Entry):
    """A queue and who answers for it."""

    owner: Owner
    description: str = ""


class AttentionEntry(Entry):
    """Whether a mention of this kind needs a person at all."""

    id: Id
    when: When
    act: StrictBool


class AttentionEntries(Entry):
    """The attention rules in their order, and what holds when none matches."""

    default: StrictBool
    rules: tuple[AttentionEntry, ...] = ()


class DestinationEntry(Entry):
    """A queue; without an owner of its own, the queue's owner is accountable; `auto`: as severe as the mention."""

    queue: Queue
    owner: Owner | None = None
    severity: Literal[Severity, "auto"] = "auto"


class RuleEntry(DestinationEntry):
    """Who must act on a mention of this kind."""

    id: Id
    when: When


class SubscriptionEntry(Entry):
    """Who wants to know of a mention of this kind, beside its owner."""

    id: Id
    when: When
    notify: Id


class RulebookFile(Entry):
    """The whole file."""

    queues: dict[Queue, QueueEntry]
    attention: AttentionEntries
    rules: Annotated[tuple[RuleEntry, ...], Field(min_length=1)]
    subscriptions: tuple[SubscriptionEntry, ...] = ()
    fallback: DestinationEntry
