"""Records that no reader can handle, made from good ones; and odd ones that every reader must handle."""

import gzip
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Written(NamedTuple):
    """A record as it is written to a topic."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    @property
    def fields(self) -> dict[str, Any]:
        """The event's own JSON."""
        decoded: dict[str, Any] = json.loads(self.value or b"{}")
        return decoded


Spoil = Callable[[Written], Written]


class Bad(NamedTuple):
    """One way to be unreadable, and the reason that its dead letter must give (a pattern: each reader has its own)."""

    name: str
    reason: str
    spoil: Spoil


def value(given: bytes | None) -> Spoil:
    """Another value altogether."""
    return lambda record: record._replace(value=given)


def bytes_changed(change: Callable[[bytes], bytes]) -> Spoil:
    """The value with its bytes changed."""
    return lambda record: record._replace(value=change(record.value or b""))


def raw(path: str, literal: bytes) -> Spoil:
    """The member at ``path`` (names with dots between) becomes ``literal``, which need not be JSON."""

    def spoil(record: Written) -> Written:
        fields = record.fields
        *parents, last = path.split(".")
        place = fields
        for name in parents:
            place = place[name]
        place[last] = "@literal@"
        return record._replace(value=json.dumps(fields).encode().replace(b'"@literal@"', literal))

    return spoil


def member(path: str, given: object) -> Spoil:
    """The member at ``path`` becomes ``given``."""
    return raw(path, json.dumps(given).encode())


def without(name: str) -> Spoil:
    """A member is missing."""
    return bytes_changed(lambda old: json.dumps({k: v for k, v in json.loads(old).items() if k != name}).encode())


def header(name: str, given: bytes | None) -> Spoil:
    """A header has another value, or is missing."""

    def spoil(record: Written) -> Written:
        kept = [pair for pair in record.headers if pair[0] != name]
        return record._replace(headers=kept if given is None else [*kept, (name, given)])

    return spoil


def structured(change: Callable[[dict[str, Any]], object] = lambda envelope: envelope) -> Spoil:
    """The same event in structured mode, its envelope changed."""

    def spoil(record: Written) -> Written:
        plain = {name.removeprefix("ce_"): given.decode() for name, given in record.headers}
        envelope = {name: plain[name] for name in ("specversion", "type", "source", "id", "time")}
        changed = change(envelope | {"data": record.fields})
        headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
        return record._replace(value=json.dumps(changed).encode(), headers=headers)

    return spoil


def both(first: Spoil, second: Spoil) -> Spoil:
    """One after the other."""
    return lambda record: second(first(record))


DEEP = 10_000
MEGABYTE = 1_000_000
UNSTORABLE = "unstorable_value|number_out_of_range"

OF_ANY_EVENT = (
    Bad("no value", "tombstone", value(None)),
    Bad("an empty value", "malformed_json", value(b"")),
    Bad("no JSON", "malformed_json", value(b"hello")),
    Bad("zeros", "malformed_json", value(bytes(64))),
    Bad("cut in the middle", "malformed_json", bytes_changed(lambda old: old[: len(old) // 2])),
    Bad("something behind it", "malformed_json", bytes_changed(lambda old: old + b"{}")),
    Bad("compressed by hand", "malformed_json", bytes_changed(gzip.compress)),
    Bad("UTF-16", "malformed_json", bytes_changed(lambda old: old.decode().encode("utf-16"))),
    Bad("a byte order mark", "malformed_json", bytes_changed(lambda old: b"\xef\xbb\xbf" + old)),
    Bad("bad UTF-8", "malformed_json", raw("event_id", b'"\xff\xfe"')),
    Bad("UTF-8 of a surrogate", "malformed_json", raw("event_id", b'"\xed\xa0\x80"')),
    Bad("a lone surrogate", "malformed_json", raw("event_id", rb'"\ud83d"')),
    Bad("a control character", "malformed_json", raw("event_id", b'"a\x00b"')),
    Bad("an escaped NUL", "null_character", raw("event_id", rb'"a\u0000b"')),
    Bad("NaN", "malformed_json", raw("occurred_at", b"NaN")),
    Bad("infinity", "malformed_json", raw("occurred_at", b"-Infinity")),
    Bad("nested deep", "invalid_field", raw("event_id", b"[" * DEEP + b"]" * DEEP)),
    Bad("nested deep where nobody looks", "too_deep", raw("unknown", b'{"a":' * DEEP + b"1" + b"}" * DEEP)),
    Bad("an array", "invalid_field", bytes_changed(lambda old: b"[" + old + b"]")),
    Bad("a string", "invalid_field", value(b'"event"')),
    Bad("a number", "invalid_field", value(b"42")),
    Bad("null", "invalid_field", value(b"null")),
    Bad("an empty object", "invalid_field", value(b"{}")),
    Bad("a number for a text", "invalid_field", member("event_id", 7)),
    Bad("an object for a text", "invalid_field", member("event_id", {"id": "a"})),
    Bad("null for a text", "invalid_field", member("event_id", None)),
    Bad("an empty id", "invalid_field", member("event_id", "")),
    Bad("an id over its limit", "invalid_field", member("event_id", "i" * 65)),
    Bad("an id of a megabyte", "invalid_field", member("event_id", "i" * MEGABYTE)),
    Bad("no id", "invalid_field", without("event_id")),
    Bad("no time", "invalid_field", without("occurred_at")),
    Bad("a naive time", "invalid_field", member("occurred_at", "2026-11-23T10:00:00")),
    Bad("a time that is none", "invalid_field", member("occurred_at", "2026-02-30T10:00:00Z")),
    Bad("a time as a number", "invalid_field", member("occurred_at", 1_800_000_000)),
    Bad("the end of the calendar", "instant_out_of_range", member("occurred_at", "9999-12-31T23:59:59Z")),
    Bad("the beginning of the calendar", "instant_out_of_range", member("occurred_at", "0001-01-01T00:00:00Z")),
    Bad("a brand that is none", "invalid_field", member("brand", "Nil Goon")),
    Bad("no type", "not_a_cloudevent", header("ce_type", None)),
    Bad("no version of CloudEvents", "not_a_cloudevent", header("ce_specversion", None)),
    Bad("no headers", "not_a_cloudevent", lambda record: record._replace(headers=[])),
    Bad("a type in bad UTF-8", "not_a_cloudevent", header("ce_type", b"\xff")),
    Bad("an unknown type", "unknown_event_type", header("ce_type", b"shenava.weather.changed.v1")),
    Bad("an unknown version", "unknown_event_type", header("ce_type", b"shenava.mention.received.v99")),
    Bad("a type of a megabyte", "unknown_event_type", header("ce_type", b"t" * MEGABYTE)),
    Bad("another CloudEvents", "unknown_spec_version", header("ce_specversion", b"0.3")),
    Bad("structured and cut", "malformed_json", both(structured(), bytes_changed(lambda old: old[:-9]))),
    Bad("structured and an array", "invalid_field", structured(lambda envelope: [envelope])),
    Bad("structured without data", "not_a_cloudevent", both(structured(), without("data"))),
    Bad("structured with a number as type", "not_a_cloudevent", structured(lambda e: e | {"type": 1})),
    Bad("structured of an unknown type", "unknown_event_type", structured(lambda e: e | {"type": "a.b"})),
    Bad("structured of another CloudEvents", "unknown_spec_version", structured(lambda e: e | {"specversion": "2.0"})),
    Bad("structured around nothing", "invalid_field", structured(lambda e: e | {"data": {}})),
)  # fmt: skip

OF_A_MENTION = (
    Bad("no mention", "invalid_field", without("mention")),
    Bad("a mention that is null", "invalid_field", member("mention", None)),
    Bad("a text with NUL", "null_character", raw("mention.text", rb'"\u0000"')),
    Bad("an author with NUL", "null_character", raw("mention.author.name", rb'"a\u0000"')),
    Bad("a text over its limit", "invalid_field", member("mention.text", "آ" * 100_001)),
    Bad("a text that is a number", "invalid_field", member("mention.text", 5)),
    Bad("an author that is a list", "invalid_field", member("mention.author", [])),
    Bad("a negative count", "invalid_field", member("mention.counts", {"likes": -1})),
    Bad("half a like", "invalid_field", member("mention.counts", {"likes": 0.5})),
    Bad("more followers than people", "invalid_field", member("mention.author.followers", 10**400)),
    Bad("six stars", "invalid_field", member("mention.rating", 6)),
    Bad("an unknown channel", "invalid_field", member("mention.channel", "pigeon")),
    Bad("an unknown change", "invalid_field", member("mention.change", "moved")),
    Bad("an empty native id", "invalid_field", member("mention.native_id", "")),
    Bad("a conversation over its limit", "invalid_field", member("mention.conversation", "c" * 513)),
    Bad("posted at a naive time", "invalid_field", member("mention.posted_at", "2026-11-23T10:00:00")),
    Bad("posted beyond the calendar", "instant_out_of_range", member("mention.posted_at", "9999-01-01T00:00:00Z")),
    Bad("posted beyond it in UTC", "instant_out_of_range", member("mention.posted_at", "9998-12-31T23:59:59-12:00")),
)
OF_A_CLASSIFICATION = (
    Bad("surer than sure", "invalid_field", member("classification.confidence", 1.5)),
    Bad("less than no confidence", "invalid_field", member("classification.confidence", -0.1)),
    Bad("an unknown status", "invalid_field", member("classification.status", "guessed")),
    Bad("an unknown sentiment", "invalid_field", member("classification.sentiment", "angry")),
    Bad("half the probabilities", "invalid_field", member("classification.probabilities", {"negative": 1.0})),
    Bad("a language of one letter", "invalid_field", member("classification.language", "f")),
)
OF_A_PASS = (
    Bad("no cause", "invalid_field", without("cause_id")),
    Bad("a cause with NUL", "null_character", raw("cause_id", rb'"\u0000"')),
    Bad("no rule", "invalid_field", member("rule_id", "")),
    Bad("a rule over its limit", "invalid_field", member("rule_id", "r" * 257)),
    Bad("passed in an unknown channel", "invalid_field", member("channel", "pigeon")),
)
OF_A_CORRECTION = (
    Bad("no mention", "invalid_field", without("mention_id")),
    Bad("nobody who corrects", "invalid_field", without("by")),
    Bad("an unknown sentiment", "invalid_field", member("sentiment", "angry")),
    Bad("an unknown intent", "invalid_field", member("intent", "gossip")),
    Bad("a language that is no code", "invalid_field", member("language", "فارسی")),
    Bad("a name with NUL", "null_character", raw("by", rb'"a\u0000"')),
    Bad("a reason over its limit", "invalid_field", member("reason", "r" * 513)),
)
OF_AN_ISSUE = (
    Bad("the sequence 0", "invalid_field", member("sequence", 0)),
    Bad("a negative sequence", "invalid_field", member("sequence", -1)),
    Bad("a sequence as a text", "invalid_field", member("sequence", "1")),
    Bad("a sequence that no column takes", UNSTORABLE, member("sequence", 2**63)),
    Bad("a round that no column takes", UNSTORABLE, member("round", 2**63)),
    Bad("a round of 0", "invalid_field", member("round", 0)),
    Bad("an issue id over its limit", "invalid_field", member("issue_id", "i" * 65)),
    Bad("an issue id with NUL", "null_character", raw("issue_id", rb'"\u0000"')),
    Bad("an unknown severity", "invalid_field", member("severity", "apocalyptic")),
    Bad("a complaint at a naive time", "invalid_field", member("complaint_at", "2026-11-23T10:00:00")),
    Bad("a complaint beyond the calendar", "instant_out_of_range", member("complaint_at", "9999-06-01T00:00:00Z")),
)
OF_A_CLOCK = (
    Bad("an unknown clock", "invalid_field", member("clock", "sundial")),
    Bad("late by less than nothing", "invalid_field", member("late_by", -0.5)),
    Bad("late by more than a number can say", "invalid_field", raw("late_by", b"1e400")),
    Bad("a level that is a number", "invalid_field", member("level", 3)),
    Bad("a level with NUL", "null_character", raw("level", rb'"\u0000"')),
    Bad("due at a naive time", "invalid_field", member("due_at", "2026-11-23T10:00:00")),
    Bad("whom to tell as a text", "invalid_field", member("tell", "owner")),
    Bad("a deadline beyond the calendar", "instant_out_of_range", member("deadline_at", "9999-06-01T00:00:00Z")),
)
OF_A_FACT = (
    Bad("an unknown kind", "invalid_field", member("kind", "gossip")),
    Bad("a figure as a text", "invalid_field", member("values", {"amount": "12"})),
    Bad("a figure that is true", "invalid_field", member("values", {"amount": True})),
    Bad("a figure out of bounds", "invalid_field", member("values", {"amount": 1e16})),
    Bad("too many figures", "invalid_field", member("values", {f"f{n}": 1 for n in range(33)})),
    Bad("attributes as a list", "invalid_field", member("attributes", ["a"])),
    Bad("an attribute's name with NUL", "null_character", raw("attributes", rb'{"a\u0000": "b"}')),
    Bad("an empty fact id", "invalid_field", member("fact_id", "")),
)

ODD: tuple[tuple[str, Spoil], ...] = (
    ("no key", lambda record: record._replace(key=None)),
    ("an empty key", lambda record: record._replace(key=b"")),
    ("a key in bad UTF-8", lambda record: record._replace(key=b"\xff\xfe\x00")),
    ("structured mode", structured()),
    ("fields of a newer writer", member("mood", {"of": ["the", {"day": 1e308}]})),
    ("a megabyte that nobody knows", member("ballast", "x" * MEGABYTE)),
    ("headers of a tracer", header("traceparent", b"\xff\x00")),
    ("the same header twice", lambda record: record._replace(headers=[*record.headers, *record.headers])),
    ("white space around it", bytes_changed(lambda old: b"\n\t " + old + b" \r\n")),
    ("everything escaped", bytes_changed(lambda old: json.dumps(json.loads(old), ensure_ascii=True).encode())),
    ("a member twice", bytes_changed(lambda old: b'{"event_id":"never-seen",' + old[1:])),
)
"""Good in an odd way: each must be handled as if nothing were the matter."""
ODD_MENTIONS: tuple[tuple[str, Spoil], ...] = (
    ("as long as a text may be", member("mention.text", "سلام، نرسید! " * 7_692)),
    ("every strange character", member("mention.text", "\u200f\u202e\u200c\ufeff\uffff\U0010ffff\x01\x7f\u2028٫ي🙃")),
    ("no words", member("mention.text", "")),
    ("said in the far future", member("mention.posted_at", "9000-12-31T23:59:59-12:00")),
)
