"""Input cleaning exactly as the bundled model was trained: change one only together with the other."""

import html
import re

_URL = re.compile(r"https?://\S+|www\.\S+")
_ENDLESS = re.compile(r"&#[0-9]{20,};?")
"""A number that no sign has; from 4,300 digits on Python refuses to read it."""
_HANDLE = re.compile(r"@\w+")
_SPACE = re.compile(r"\s+")
_ESCAPED = (("\\u002c", ","), ("\\u2019", "’"), ('\\""', '"'), ('""', '"'))  # left by the exports of the training sets
_PERSIAN = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ۀ": "ه", "ة": "ه"} | dict.fromkeys("\u200e\u200f\u00ad\ufeff"))


def clean(text: str, language: str) -> str:
    """``text`` as the model was taught to read it.

    Entities are resolved, an address becomes ``http``, a handle ``@user``, white space is collapsed; Persian also
    gets Persian letters for Arabic ones and loses marks of direction.

    Args:
        text: what was written.
        language: as `language.detect` tells it.
    """
    text = html.unescape(_ENDLESS.sub("\ufffd", text))  # the sign that HTML puts for every unknown number
    for escaped, sign in _ESCAPED:
        text = text.replace(escaped, sign)
    text = _HANDLE.sub("@user", _URL.sub("http", text))
    if language == "fa":
        text = text.translate(_PERSIAN)
    return _SPACE.sub(" ", text).strip()
