"""Says how to mend what was refused: turns a decoder's short complaint into what to write instead, and where."""

import re
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec.inspect import LiteralType, Metadata, StructType, Type, UnionType, type_info

from shenava.errors import Invalid

_UNKNOWN = re.compile("^Object contains unknown field `(.*)`$", re.DOTALL)
_MISSING = re.compile("^Object missing required field `(.*)`$")
_POSITION = re.compile(r"\(byte (\d+)\)$")
_NOT_A_NUMBER = re.compile(rb"NaN|Infinity")
_SURROGATE_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_INSTANT = "write it with its offset, as in 2026-03-21T12:00:00+03:30 or 2026-03-21T08:30:00Z"
_HINTS: tuple[tuple[str, str], ...] = (
    ("Expected `datetime", _INSTANT),
    ("Invalid RFC3339", _INSTANT),
    ("Expected `str` matching regex '^[a-z0-9]", "a brand has small Latin letters, digits, dots, dashes, underscores"),
    ("Expected `str` matching regex '^[a-z]", "a name has small Latin letters, digits and underscores"),
    ("Expected `str` matching regex '^https", "only http and https addresses are taken"),
    ("Expected `str` of length <=", "shorten it"),
    ("Expected `str` of length >=", "leave the field out if there is nothing to tell"),
    ("Expected `object`, got", "one submission is one JSON object"),
)
_SHOWN = 64
_Members = dict[str, msgspec.Raw]


def mended(error: Invalid, raw: bytes, kind: type[msgspec.Struct]) -> Invalid:
    """``error`` from reading ``raw`` as a ``kind``, with a pointer to the member itself and with what to write."""
    if error.reason == "malformed_json":
        hint = _syntax_hint(error.detail, raw)
        return Invalid(error.reason, f"{hint} ({error.detail})" if hint else error.detail)
    if error.reason != "invalid_field":
        return error
    pointer = error.pointer or ""
    if found := _UNKNOWN.match(error.detail):
        name = found[1][:_SHOWN]
        known = ", ".join(_fields(_at(kind, pointer)))
        return Invalid("unknown_field", f"{name!r} is not known; known: {known}", pointer=f"{pointer}/{_escaped(name)}")
    if found := _MISSING.match(error.detail):
        return Invalid("missing_field", f"{found[1]!r} is needed", pointer=f"{pointer}/{found[1]}")
    if error.detail.startswith("Invalid enum value"):
        choices = ", ".join(sorted(_choices(_at(kind, pointer))))
        return Invalid(error.reason, f"{error.detail[:200]}; one of: {choices}", pointer=pointer)
    bare = error.detail.removeprefix("in a key: ")
    hint = next((hint for start, hint in _HINTS if bare.startswith(start)), None)
    detail = f"{error.detail}; {hint}" if hint else error.detail
    return Invalid(error.reason, detail, pointer=pointer + _culprit(raw, kind, pointer.removeprefix("/")))


def _syntax_hint(detail: str, raw: bytes) -> str | None:
    """Why ``raw`` is not JSON, where the decoder's own words lead astray."""
    if not raw.strip():
        return "there is nothing here; send a JSON object"
    if b"\x00" in raw[:2] or raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "this is UTF-16 or UTF-32; send UTF-8"
    if _SURROGATE.search(_SURROGATE_PAIR.sub(b"", raw.replace(rb"\\", b""))):
        return "half of a surrogate pair stands alone; send the whole character"
    if found := _POSITION.search(detail):
        position = int(found[1])
        if _NOT_A_NUMBER.match(raw[position : position + 8].lstrip(b"+-")):
            return "NaN and Infinity are not JSON; leave the field out"
        if raw[position : position + 1] < b" ":
            return r"a control character stands inside a string; escape it, as in \n"
    return None


def _at(kind: type[msgspec.Struct], pointer: str) -> Type:
    """The type of the member that ``pointer`` names."""
    place = type_info(kind)
    for name in pointer.split("/")[1:]:
        struct = _plain(place)
        if not isinstance(struct, StructType):
            break
        place = next((field.type for field in struct.fields if field.encode_name == name), struct)
    return _plain(place)


def _plain(place: Type) -> Type:
    """Without the wrapping of constraints, and without the null of an optional member."""
    if isinstance(place, Metadata):
        return _plain(place.type)
    if isinstance(place, UnionType):
        return next((_plain(each) for each in place.types if isinstance(_plain(each), StructType | LiteralType)), place)
    return place


def _fields(place: Type) -> list[str]:
    return [field.encode_name for field in place.fields] if isinstance(place, StructType) else []


def _choices(place: Type) -> list[str]:
    return [str(value) for value in place.values] if isinstance(place, LiteralType) else []


def _culprit(raw: bytes, kind: type[msgspec.Struct], field: str) -> str:
    """Which value of the mapping in ``field`` is wrong, as the end of a pointer; the decoder names only the mapping."""
    annotated = get_type_hints(kind, include_extras=True).get(field)
    mapping: Any = next(iter(get_args(annotated)), None)
    if get_origin(mapping) is not dict:
        return ""
    value_type = get_args(mapping)[1]
    try:
        members = msgspec.json.decode(msgspec.json.decode(raw, type=_Members)[field], type=_Members)
    except msgspec.ValidationError:
        return ""  # the member is no mapping at all
    return next(("/" + _escaped(name[:_SHOWN]) for name, value in members.items() if not _is(value_type, value)), "")


def _is(kind: Any, raw: msgspec.Raw) -> bool:
    try:
        msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _escaped(name: str) -> str:
    """``name`` as a part of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")
