"""A YAML file together with the lines its entries stand on. Pure.

PyYAML takes the last of two equal keys without a word; here that is a fault, because half of a rule would be lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from router.rulebook_faults import Fault, Flaw, InvalidRulebook, Place, written


@dataclass(frozen=True, slots=True)
class Source:
    """What the file says, and where."""

    data: Any
    _lines: dict[Place, int]

    @classmethod
    def of(cls, content: bytes, name: str) -> "Source":
        """The YAML in ``content``.

        Raises:
            InvalidRulebook: it is not UTF-8, not YAML, empty, nested without end, or has a key twice in one mapping.
        """
        try:
            return cls._of(content, name)
        except UnicodeDecodeError as error:
            raise InvalidRulebook(name, [Fault(f"is not UTF-8 (byte {error.start})")]) from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise InvalidRulebook(name, [Fault(f"is not YAML: {error.problem}", line)]) from None
        except (yaml.YAMLError, ValueError) as error:  # PyYAML lets dates and numbers fail that look like ones
            raise InvalidRulebook(name, [Fault(f"is not YAML: {error}")]) from None
        except RecursionError:
            raise InvalidRulebook(name, [Fault("is nested too deeply")]) from None

    @classmethod
    def _of(cls, content: bytes, name: str) -> "Source":
        text = content.decode("utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
        if not isinstance(root, yaml.MappingNode):
            raise InvalidRulebook(name, [Fault("must be a mapping with queues, attention, rules and fallback")])
        repeated = list(_repeated(root, ()))
        if repeated:
            raise InvalidRulebook(name, repeated)
        return cls(data, dict(_lines(root, ())))

    def fault(self, flaw: Flaw) -> Fault:
        """``flaw`` with its line and the id of the rule it lies in."""
        place = flaw.place
        while place and place not in self._lines:
            place = place[:-1]
        return Fault(
            flaw.message,
            self._lines.get(place),
            written(flaw.place),
            self._rule_id(flaw.place),
            flaw.position,
        )

    def _rule_id(self, place: Place) -> str | None:
        found, value = None, self.data
        for part in place:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(value, dict) and isinstance(value.get("id"), str):
                found = value["id"]
        return found


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*place, index))


def _repeated(node: yaml.Node, place: Place) -> Iterator[Fault]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            inner = (*place, key.value)
            if key.value in seen:
                yield Fault("is given twice", key.start_mark.line + 1, written(inner))
            seen.add(key.value)
            yield from _repeated(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated(value, (*place, index))
