"""What is wrong with settings and files, told to a person: the place and the words, never the value. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError


class Fault(NamedTuple):
    """One thing wrong, and the way to it: ``("rules", 3, "when")``."""

    place: tuple[int | str, ...]
    message: str


def faults(error: ValidationError) -> list[Fault]:
    """All that pydantic has found; the values are left out, because one could be a secret.

    A list that is too short only because what stands in it is wrong is no fault of its own.
    """
    found = error.errors(include_input=False, include_context=False, include_url=False)
    places = [each["loc"] for each in found]
    return [
        Fault(each["loc"], each["msg"].removeprefix("Value error, "))
        for each in found
        if each["type"] != "too_short" or not any(_within(other, each["loc"]) for other in places)
    ]


def listed(title: str, lines: Sequence[str]) -> str:
    """One fault on the title's line, several below it."""
    if len(lines) == 1:
        return f"{title}: {lines[0]}"
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines)])


def _within(place: tuple[int | str, ...], whole: tuple[int | str, ...]) -> bool:
    return len(place) > len(whole) and place[: len(whole)] == whole
