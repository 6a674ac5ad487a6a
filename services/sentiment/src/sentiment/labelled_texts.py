"""Reads files of texts with known labels: one JSON object a line with ``text`` and what is known of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from shenava.events.mentions import Intent, Sentiment


class LabelledText(msgspec.Struct, frozen=True, kw_only=True):
    """One line.

    Attributes:
        lang: what language it is in; texts of a file are measured by it.
        binary: the set that it is from knows no neutral.
    """

    text: Annotated[str, Meta(min_length=1)]
    lang: str = "und"
    sentiment: Sentiment | None = None
    intent: Intent | None = None
    binary: bool = False


class UnreadableTexts(ValueError):  # noqa: N818 - named for what they are
    """A file is not in the form; the message says where and what is expected."""


def read(path: Path) -> Iterator[LabelledText]:
    """The texts of ``path``, line by line; empty lines are passed over.

    Raises:
        UnreadableTexts: the file cannot be opened, or a line is no such object.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise UnreadableTexts(f"{path}: {fault}; give a file of UTF-8 text, one JSON object a line") from fault
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield msgspec.json.decode(line, type=LabelledText)
            except (msgspec.DecodeError, ValueError) as fault:
                raise UnreadableTexts(
                    f'{path}:{number}: {fault}; expected an object such as {{"text": "...", "lang": "fa", '
                    '"sentiment": "negative", "intent": "complaint"}'
                ) from fault
