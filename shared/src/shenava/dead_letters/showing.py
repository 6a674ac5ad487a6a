"""One dead letter in full: origin, reason, headers, key, value, and whether the present code reads it. Pure."""

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.text import Text

from shenava.dead_letters.letter import Contents, Letter
from shenava.dead_letters.listing import as_data, utc
from shenava.dead_letters.visible import bounded, pretty, readable, visible
from shenava.kafka.ports import Record
from shenava.kafka.quarantine import REASON as KILLS

LINE = 1000
VALUE = 20_000


def page(letter: Letter, contents: Contents, replayed: datetime | None, missing: str | None) -> Iterator[Text]:
    """The letter, line by line; ``missing`` says why only the beginning of its value is shown."""
    yield _line("letter", str(letter))
    yield _line("origin", f"{letter.origin}, timestamp {letter.origin.timestamp_ms} ms")
    yield _line("put aside", f"{utc(letter.at)} UTC by {letter.group}")
    yield _line("replays", f"{letter.replays} before it was put aside")
    yield _line("reason", letter.reason)
    yield _line("detail", letter.detail)
    yield _line("pointer", letter.pointer or "none")
    yield _line("decodes now", missing or _outlook(letter, contents))
    yield _line("replayed", f"{utc(replayed)} UTC" if replayed else "not yet")
    yield from body(contents)


def body(contents: Contents) -> Iterator[Text]:
    """Headers, key and value."""
    for name, told in contents.headers:
        yield _line("header", f"{visible(name)}: {readable(told, LINE)}")
    yield _line("key", readable(contents.key, LINE))
    value = contents.value
    if value is None:
        yield _line("value", "none (a tombstone)")
        return
    laid_out = pretty(value)
    yield _line("value", f"{len(value):,} bytes, {'no JSON' if laid_out is None else 'JSON'}")
    yield Text(readable(value, VALUE) if laid_out is None else bounded(laid_out, VALUE))


def data(letter: Letter, contents: Contents, replayed: datetime | None, missing: str | None) -> dict[str, Any]:
    """The same for a machine; bytes are text where they are UTF-8, else Base64."""
    fields = as_data(letter, {letter.origin: replayed} if replayed else {})
    return fields | {
        "whole": missing is None,
        "decodes_now": None if missing else contents.fault is None,
        "fault": missing or contents.fault,
        "headers": [[name, _data(value)] for name, value in contents.headers],
        "key": _data(contents.key),
        "value": _data(contents.value),
    }


def stranger(record: Record) -> Iterator[Text]:
    """A record that no consumer put there."""
    yield _line("record", f"{record.topic} {record.partition}:{record.offset}")
    yield _line("reason", "this is no dead letter: it tells no origin, so it cannot be replayed")
    yield from body(Contents(record.key, record.value, record.headers))


def _outlook(letter: Letter, contents: Contents) -> str:
    if contents.fault is not None:
        return f"no: {contents.fault}"
    if letter.reason == KILLS:
        return "yes, but it ended its reader's process; that it decodes says nothing"
    return f"yes; if {letter.group} refused more than the form, only its own code tells whether it takes it now"


def _line(name: str, text: str) -> Text:
    return Text.assemble((f"{name:<12}", "bold"), bounded(visible(text), 2 * LINE))


def _data(given: bytes | None) -> dict[str, str] | None:
    if given is None:
        return None
    try:
        return {"text": given.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(given).decode()}
