"""Splits CEL text into tokens, as far as checking a condition needs it. Pure.

Follows the lexis of the CEL language definition (names, string literals with prefixes and triple quotes, comments);
whether the text is valid is the compiler's business.
"""

import re
from collections.abc import Iterator
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


def renamed(source: str, old: str, new: str) -> str:
    """``source`` with every name ``old`` replaced; strings and comments stay as they are."""
    return _TOKEN.sub(
        lambda found: new if found.lastgroup == "name" and found.group() == old else found.group(), source
    )
