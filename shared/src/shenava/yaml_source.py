"""A YAML file together with the lines its entries stand on, read so that no file can stall its reader. Pure.

PyYAML takes the last of two equal keys without a word; here that is a fault, because half of an entry would be lost.
An alias repeats what it names wherever it is read; files that unfold to too much are refused before they are unfolded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

Place = tuple[str | int, ...]
"""The way to an entry: ``("rules", 3, "when")``."""

MAX_BYTES = 2_000_000
"""A file of this size takes PyYAML half a minute; configuration by hand has a hundredth of it."""
MAX_ENTRIES = 500_000
"""Keys, values and items, with everything that aliases repeat."""


class InvalidYaml(ValueError):  # noqa: N818 - named for what the file is
    """The file cannot be read.

    Attributes:
        message: what is wrong, and how to mend it where that is not plain.
        line: where, from 1; none where it is the whole file.
        place: of the entry, if it is one.
    """

    def __init__(self, message: str, line: int | None = None, place: Place = ()) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.message = message
        self.line = line
        self.place = place


@dataclass(frozen=True, slots=True)
class YamlSource:
    """What the file says, and where.

    Attributes:
        data: the document; none for an empty file.
        lines: of every entry by its place, from 1.
        repeated: places whose key stands twice in one mapping, with the line of the second.
    """

    data: Any
    lines: Mapping[Place, int]
    repeated: tuple[tuple[Place, int], ...]

    @classmethod
    def of(cls, content: bytes, max_bytes: int = MAX_BYTES) -> "YamlSource":
        """The YAML in ``content``.

        Raises:
            InvalidYaml: it is too large, not UTF-8, not YAML, nested without end, or unfolds to too much.
        """
        if len(content) > max_bytes:
            raise InvalidYaml(f"is too large ({len(content):,} bytes; at most {max_bytes:,}); split or shorten it")
        try:
            return cls._of(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidYaml(f"is not UTF-8 (byte {error.start})") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise InvalidYaml(f"is not YAML: {error.problem}", line) from None
        except yaml.YAMLError as error:
            raise InvalidYaml(f"is not YAML: {error}") from None
        except RecursionError:
            raise InvalidYaml("is nested too deeply") from None

    @classmethod
    def _of(cls, text: str) -> "YamlSource":
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return cls(None, {}, ())
        if _size(root, {}) > MAX_ENTRIES:
            raise InvalidYaml(f"unfolds to more than {MAX_ENTRIES:,} entries; write less, or use fewer aliases (*)")
        try:
            data = loader.construct_document(root)
        except ValueError as error:  # PyYAML lets dates and numbers fail that look like ones
            raise InvalidYaml(f"is not YAML: {error}") from None
        return cls(data, dict(_lines(root, ())), tuple(_repeated(root, ())))

    def line(self, place: Place) -> int | None:
        """The line of ``place``, or of the nearest entry around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)


def written(place: Place) -> str:
    """``place`` as people write it: ``rules[3].when``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in place if part != "[key]"]
    return "".join(parts).removeprefix(".")


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many entries ``node`` unfolds to; each node is counted once, however often it is named."""
    if id(node) in known:
        if not known[id(node)]:
            raise InvalidYaml("is nested too deeply: an alias (*) names what it stands in")
        return known[id(node)]
    known[id(node)] = 0
    size = 1 + sum(_size(inner, known) for inner in _inner(node))
    known[id(node)] = size
    return size


def _inner(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*place, index))


def _repeated(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            inner = (*place, key.value)
            if key.value in seen:
                yield inner, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated(value, (*place, index))
