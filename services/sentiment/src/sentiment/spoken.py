"""What of a text is language: no addresses, no handles, no broken signs, and only its beginning."""

import re

ENOUGH = 400
"""Code points that are looked at; more change no answer."""

_APOSTROPHES = str.maketrans("", "", "'’`´")
_NO_TEXT = re.compile(
    r"(?:https?://|www\.)\S+|(?<!\S)[^\s@]+@\S+|@[\w.]+|[\ud800-\udfff]"
)  # addresses, handles, broken text


def spoken(text: str) -> str:
    """The beginning of ``text`` without addresses, handles and apostrophes."""
    return _NO_TEXT.sub(" ", text[: 4 * ENOUGH]).replace("_", " ")[:ENOUGH].translate(_APOSTROPHES)
