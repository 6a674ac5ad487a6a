"""Deterministic identifiers: the same cause gives the same id, so a repeat can be recognised anywhere.

All ids are UUIDv5 (RFC 9562 section 5.5) in one namespace, over the parts joined by the ASCII unit
separator, which cannot occur in a valid part.
"""

from hashlib import sha1
from uuid import UUID

NAMESPACE = UUID("6b1f0c52-7a0e-5d3c-9d0b-0f6f6a1c7e11")
_SEPARATOR = "\x1f"
_STARTED = sha1(NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def derive(kind: str, *parts: object) -> str:
    """The id of a ``kind`` of thing caused by ``parts``, in their order."""
    return _uuid5(_SEPARATOR.join([kind, *[str(part) for part in parts]]))


def mention_id(brand: str, channel: str, native_id: str) -> str:
    """The id of one post or message, whatever its later edits say."""
    return _uuid5(f"mention{_SEPARATOR}{brand}{_SEPARATOR}{channel}{_SEPARATOR}{native_id}")


def _uuid5(name: str) -> str:
    # What uuid.uuid5 gives, at an eighth of its cost: this runs several times for every message.
    hashed = _STARTED.copy()
    hashed.update(name.encode())
    text = hashed.hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"
