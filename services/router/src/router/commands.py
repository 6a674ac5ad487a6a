"""What may be asked to happen to an issue; each is also the body of its route. Pure."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shenava.events.issues import Queue

_STORABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Note = Annotated[str, StringConstraints(max_length=512, strip_whitespace=True, pattern=_STORABLE)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=512, strip_whitespace=True, pattern=_STORABLE)]
Owner = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=True, pattern=_STORABLE)]
Url = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")]


class Command(BaseModel):
    """Something to happen to one issue; a field that is not known is refused, because it is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Acknowledge(Command):
    """A human has replied to the author with empathy."""

    reply_url: Url | None = Field(default=None, description="Where the reply can be read")


class MovePrivate(Command):
    """It goes on in a private channel."""

    to: Literal["direct_message", "email", "phone"]
    reason: Reason = Field(description="Why it cannot be settled in public")


class Pause(Command):
    """The resolution clock rests."""

    reason: Reason = Field(description="What it waits for")


class Resume(Command):
    """The resolution clock runs again."""


class Reassign(Command):
    """Another queue or owner is accountable from now on."""

    queue: Queue
    owner: Owner | None = Field(default=None, description="Without one, the queue's owner in the rulebook")
    reason: Note = ""


class Resolve(Command):
    """The customer's matter is settled."""

    resolution: Literal["solved", "refunded", "answered", "declined", "no_action"] = "solved"
    note: Note = ""


class Reopen(Command):
    """It was not settled after all: the next round begins, with its own clocks."""

    reason: Note = ""
    complaint_at: AwareDatetime | None = Field(
        default=None, description="When the author said so, from which the new clocks count; without it, now"
    )


class Close(Command):
    """The record of a resolved issue ends for good."""

    reason: Reason


ROUTES: dict[str, type[Command]] = {
    "acknowledge": Acknowledge,
    "move-private": MovePrivate,
    "pause": Pause,
    "resume": Resume,
    "reassign": Reassign,
    "resolve": Resolve,
    "reopen": Reopen,
    "close": Close,
}
"""The commands by the names that callers use."""

NAMES: dict[type[Command], str] = {kind: name for name, kind in ROUTES.items()}
