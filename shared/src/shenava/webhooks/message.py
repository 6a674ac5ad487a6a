"""The body of a webhook: type, timestamp, data; always small enough to be taken.

Standard Webhooks 1.0 asks for less than 20 kB. Texts are cut at 4 kB; a body that is still too large loses more of its
long strings and lists, and whatever was cut says so in a sibling ``<name>_truncated: true``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from shenava.errors import Invalid

MAX_BODY_BYTES = 20_000
MAX_TEXT_BYTES = 4_000

# Each step: bytes a string may have, items a list may have. The last one still leaves identifiers whole.
_STEPS = ((MAX_TEXT_BYTES, 100), (1_000, 50), (250, 20), (64, 5))
_JOINERS = "\u200c\u200d"

_encoder = msgspec.json.Encoder()


def serialise(kind: str, timestamp: datetime, data: Mapping[str, Any]) -> bytes:
    """The bytes that are stored once, signed and sent on every attempt.

    Args:
        kind: e.g. ``issue.routed``.
        timestamp: when the fact became true.
        data: strings, numbers, booleans, nulls, lists and objects of them.

    Raises:
        Invalid: so many values that no cutting makes them fit.
    """
    body = b""
    for longest, most in _STEPS:
        body = _encoder.encode({"type": kind, "timestamp": timestamp, "data": _fit_object(data, longest, most)})
        if len(body) < MAX_BODY_BYTES:
            return body
    raise Invalid(
        "webhook_too_large",
        f"a {kind} webhook has {len(body):,} bytes after all cutting; {MAX_BODY_BYTES:,} is the limit",
    )


def cut(text: str, longest: int = MAX_TEXT_BYTES) -> str:
    """``text`` if its UTF-8 has at most ``longest`` bytes, else its beginning, without half a character."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= longest:
        return text
    return encoded[:longest].decode(errors="ignore").rstrip(_JOINERS)


def _fit_object(given: Mapping[str, Any], longest: int, most: int) -> dict[str, Any]:
    fitted: dict[str, Any] = {}
    flags: dict[str, bool] = {}
    for name, value in given.items():
        fitted[name] = _fit(value, longest, most)
        if isinstance(value, str | list | tuple) and len(fitted[name]) < len(value):
            flags[f"{name}_truncated"] = True
    return fitted | flags


def _fit(value: Any, longest: int, most: int) -> Any:
    match value:
        case str():
            return cut(value, longest)
        case Mapping():
            return _fit_object(value, longest, most)
        case list() | tuple():
            return [_fit(one, longest, most) for one in value[:most]]
        case _:
            return value
