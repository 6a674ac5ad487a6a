"""Text in the one form that conditions are written against, so that a keyword is found however it was typed. Pure.

The shared normal form keeps what a model or a person may still want: capitals, half-spaces, hashtags as they were
typed. For keywords these are folded away too.
"""

from shenava.text import FOLDED_LETTERS, normalise

LONGEST = 4_000
"""Characters that conditions see; what a person wants is said by then, and each condition costs time per character."""

_FOLDED = str.maketrans(FOLDED_LETTERS | {"\u200c": " "})


def plain(text: str) -> str:
    """``text`` in its shared normal form, in lower case, with a space for a half-space and without hamza.

    Only the first :data:`LONGEST` characters are kept.
    """
    return normalise(text, LONGEST).casefold().translate(_FOLDED)[:LONGEST]
