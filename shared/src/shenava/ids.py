"""Deterministic identifiers: the same cause gives the same id, so a repeat can be recognised anywhere.

All ids are UUIDv5 (RFC 9562 section 5.5) in one namespace, over the parts joined by the ASCII unit
separator, which cannot occur in a valid part.
"""

from uuid import UUID, uuid5

NAMESPACE = UUID("6b1f0c52-7a0e-5d3c-9d0b-0f6f6a1c7e11")
_SEPARATOR = "\x1f"


def derive(kind: str, *parts: object) -> str:
    """The id of a ``kind`` of thing caused by ``parts``, in their order."""
    return str(uuid5(NAMESPACE, _SEPARATOR.join((kind, *map(str, parts)))))


def mention_id(brand: str, channel: str, native_id: str) -> str:
    """The id of one post or message, whatever its later edits say."""
    return derive("mention", brand, channel, native_id)
