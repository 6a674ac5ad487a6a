"""What is wrong with a rulebook, told so that a person can mend it: file, line, entry, rule, position. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shenava.yaml_source import Place


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at a place of the file.

    Attributes:
        position: line and column within the condition's own text, from 1.
    """

    place: Place
    message: str
    position: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A flaw with all that is known of where it is."""

    message: str
    line: int | None = None
    entry: str = ""
    rule_id: str | None = None
    position: tuple[int, int] | None = None

    def told(self, name: str) -> str:
        """The fault in one line, as a compiler would print it; ``name`` is the file's."""
        file = name if self.line is None else f"{name}:{self.line}"
        rule = f" (rule {self.rule_id})" if self.rule_id else ""
        position = f" at {self.position[0]}:{self.position[1]} of the condition" if self.position else ""
        where = f"{self.entry}{rule}{position}".strip()
        return f"{file}: {where}: {self.message}" if where else f"{file}: {self.message}"


class InvalidRulebook(Exception):  # noqa: N818 - named for what the rulebook is
    """The rulebook has faults; the message lists all of them, one a line."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(fault.told(name) for fault in faults))
        self.name = name
        self.faults = tuple(faults)
