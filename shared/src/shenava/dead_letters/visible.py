"""Untrusted text made safe for a terminal: what is hidden becomes visible, what people write stays as it is. Pure."""

import re
from unicodedata import category

import msgspec

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that move, hide or colour other text: controls, formats (bidi), surrogates, line separators."""
# Persian needs the joiners, and the Arabic number signs have a shape of their own.
_KEPT = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2")
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")


def visible(text: str) -> str:
    r"""``text`` with every hidden character written as in JSON: ``\u202e``; the rest, Persian too, is untouched."""
    return "".join(_escaped(char) if _is_hidden(char) else char for char in text)


def readable(data: bytes | None, limit: int) -> str:
    r"""Bytes as a line of visible text of about ``limit`` characters; what is no UTF-8 is written as ``\xff``."""
    if data is None:
        return "none"
    return bounded(visible(data.decode("utf-8", "backslashreplace")), limit)


def bounded(text: str, limit: int) -> str:
    """``text``, or its first ``limit`` characters and how many more there are."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def pretty(value: bytes) -> str | None:
    """JSON laid out in lines and made visible, its numbers and repeated names as they were written; None if no JSON."""
    try:
        laid_out = msgspec.json.format(value.decode(), indent=2)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return None
    return "\n".join(visible(_ESCAPE.sub(_letter, line)) for line in laid_out.split("\n"))


def _is_hidden(char: str) -> bool:
    return category(char) in HIDDEN and char not in _KEPT


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(rf"\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _letter(escape: re.Match[str]) -> str:
    """The letter that a JSON escape stands for, if it is one beyond ASCII: writers may escape all Persian."""
    if not escape[0].startswith(r"\u"):
        return escape[0]
    letter: str = msgspec.json.decode(f'"{escape[0]}"')
    return letter if letter > "\x7f" else escape[0]
