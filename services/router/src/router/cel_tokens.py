"""Splits CEL text into tokens, as far as checking a condition needs it. Pure.

Follows the lexis of the CEL language definition (names, string literals with prefixes and triple quotes, comments);
whether the text is valid is the compiler's business.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a token is."""

    STRING = "string"
    NAME = "name"
    NUMBER = "number"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``line`` and ``column`` count from 1, in characters."""

    kind: Kind
    text: str
    line: int
    column: int


_TOKEN = re.compile(
    r"""
      (?P<skip>   \s+ | //[^\n]* )
    | (?P<string> (?:[bB]?[rR]|[rR][bB])
                  (?: \"{3}.*?\"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' )
                | [bB]?
                  (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
                    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | (?P<name>   [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> \.?\d[\w.]* )
    | (?P<sign>   && | \|\| | [=!<>]= | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(source: str) -> Iterator[Token]:
    """The tokens of ``source``, without white space and comments."""
    line, line_start = 1, 0
    for found in _TOKEN.finditer(source):
        text = found.group()
        if found.lastgroup != "skip":
            yield Token(Kind(found.lastgroup), text, line, found.start() - line_start + 1)
        if "\n" in text:
            line += text.count("\n")
            line_start = found.start() + text.rindex("\n") + 1


def searches(source: str, names: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
    """``source`` with each ``name.matches("literal")`` replaced by a call ``_found0()``, ``_found1()``, ...

    Only where the name is one of ``names`` and no variable of a comprehension; the rest stays as it is.

    Returns:
        the new text, and for each call in turn the name and the literal as written.
    """
    parts = [found for found in _TOKEN.finditer(source) if found.lastgroup != "skip"]
    texts = [found.group() for found in parts]
    bound = {name for sign, name, after in zip(texts, texts[1:], texts[2:], strict=False) if sign + after == "(,"}
    made, calls, end = [], list[tuple[str, str]](), 0
    for place, name in enumerate(texts):
        shape = [name, *texts[place + 1 : place + 4], *texts[place + 5 : place + 6]]
        literal = parts[place + 4] if place + 4 < len(parts) else None
        if (
            shape != [name, ".", "matches", "(", ")"]
            or literal is None
            or literal.lastgroup != "string"
            or name not in names
            or name in bound
            or texts[place - 1 : place] == ["."]
        ):
            continue
        made += [source[end : parts[place].start()], f"_found{len(calls)}()"]
        calls.append((name, literal.group()))
        end = parts[place + 5].end()
    return "".join([*made, source[end:]]), calls
