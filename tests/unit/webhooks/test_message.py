"""The body: type, timestamp, data; never too large to be taken."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from shenava.errors import Invalid
from shenava.webhooks.message import MAX_BODY_BYTES, MAX_TEXT_BYTES, cut, serialise

AT = datetime(2026, 11, 23, 10, 20, 30, tzinfo=UTC)


def _data(body: bytes) -> Any:
    return orjson.loads(body)["data"]


def test_a_body_is_type_timestamp_and_data_in_plain_utf8() -> None:
    body = serialise("issue.routed", AT, {"text": "سلام"})
    assert body == '{"type":"issue.routed","timestamp":"2026-11-23T10:20:30Z","data":{"text":"سلام"}}'.encode()


def test_a_short_text_is_not_touched() -> None:
    data = {"mention": {"text": "ی" * 2_000, "text_truncated": False}}
    assert _data(serialise("issue.routed", AT, data)) == data


def test_a_long_text_is_cut_at_4_kb_and_says_so() -> None:
    data = _data(serialise("issue.routed", AT, {"mention": {"text": "ی" * 2_001, "text_truncated": False}}))
    assert data["mention"] == {"text": "ی" * 2_000, "text_truncated": True}


def test_a_long_list_is_cut_and_says_so() -> None:
    data = _data(serialise("issue.routed", AT, {"considered": [f"rule-{n}" for n in range(150)]}))
    assert data == {"considered": [f"rule-{n}" for n in range(100)], "considered_truncated": True}


@pytest.mark.parametrize(
    "data",
    [
        {f"text_{n}": "س" * 5_000 for n in range(8)},
        {"text": '"' * 100_000, "author": {"name": "\n" * 512, "handle": "\u0001" * 512}},
        {"facts": [{"name": "n" * 512, "value": "v" * 512} for _ in range(100)]},
        {"considered": ["x" * 4_096] * 1_000, "deep": {"deeper": {"deepest": ["😡" * 4_096] * 90}}},
    ],
)
def test_a_body_stays_under_20_kb_whatever_is_in_it(data: dict[str, Any]) -> None:
    assert len(serialise("issue.routed", AT, data)) < MAX_BODY_BYTES


def test_identifiers_survive_the_hardest_cutting() -> None:
    issue_id = "6b1f0c52-7a0e-5d3c-9d0b-0f6f6a1c7e11"
    data = {"issue": {"id": issue_id}, "lists": [["z" * 4_000] * 100] * 100}
    assert _data(serialise("issue.routed", AT, data))["issue"]["id"] == issue_id


def test_what_cannot_be_cut_to_size_is_invalid() -> None:
    with pytest.raises(Invalid, match="webhook_too_large"):
        serialise("issue.routed", AT, {f"field_{n}": n for n in range(5_000)})


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("", 0, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("سلام", 8, "سلام"),
        ("سلام", 7, "سلا"),
        ("😡😡", 7, "😡"),
        ("می‌شود", 7, "می"),  # the cut falls behind the zero-width non-joiner, which joins nothing any more
    ],
)
def test_a_cut_leaves_no_half_character(text: str, longest: int, expected: str) -> None:
    assert cut(text, longest) == expected


def test_the_text_limit_counts_bytes_as_the_wire_does() -> None:
    assert len(cut("ی" * MAX_TEXT_BYTES).encode()) == MAX_TEXT_BYTES
