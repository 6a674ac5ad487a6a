"""Dead letters: the original byte for byte with its origin; and the limit that tells a bad deploy from a bad record."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenava.errors import Fatal, Invalid
from shenava.kafka.admin import DEAD_MAX_BYTES, MAX_BYTES
from shenava.kafka.dead_letters import DeadLetterLimit, TooManyDeadLetters, dead_letter
from shenava.kafka.ports import Outbound
from shenava.testing.memory_kafka import MemoryRecord

NOW = datetime(2026, 3, 21, 12, tzinfo=UTC)
REASON = Invalid("odd", "nothing can be made of it")
Headers = tuple[tuple[str, bytes], ...]


def _record(key: bytes | None, value: bytes | None, headers: Headers = ()) -> MemoryRecord:
    return MemoryRecord("mentions.received", 3, 17, 1_774_000_000_000, key, value, headers)


def _letter(record: MemoryRecord, reason: Invalid = REASON) -> Outbound:
    return dead_letter(record, reason, group="sentiment", now=NOW)


def _told(letter: Outbound) -> dict[str, str]:
    return {name: value.decode() for name, value in letter.headers if name.startswith("dead_letter_")}


headers = st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=50)), max_size=5).map(tuple)


@given(st.none() | st.binary(), st.none() | st.binary(), headers)
def test_key_value_and_headers_are_kept_byte_for_byte(key: bytes | None, value: bytes | None, given: Headers) -> None:
    letter = _letter(_record(key, value, given))

    assert (letter.key, letter.value, tuple(letter.headers[: len(given)])) == (key, value, given)
    assert letter.topic == "mentions.received.dead"


def test_a_dead_letter_says_where_it_came_from_and_why() -> None:
    assert _told(_letter(_record(b"k", b"v"), Invalid("odd", "why", pointer="/mention/text"))) == {
        "dead_letter_topic": "mentions.received",
        "dead_letter_partition": "3",
        "dead_letter_offset": "17",
        "dead_letter_timestamp_ms": "1774000000000",
        "dead_letter_group": "sentiment",
        "dead_letter_reason": "odd",
        "dead_letter_detail": "why",
        "dead_letter_pointer": "/mention/text",
        "dead_letter_at": "2026-03-21T12:00:00+00:00",
    }


@given(st.text(st.characters(), max_size=50).map(lambda text: text * 100))
def test_any_detail_can_be_told_and_none_is_cut_within_a_character(detail: str) -> None:
    told = _told(_letter(_record(b"k", b"v"), Invalid("odd", detail)))["dead_letter_detail"]

    assert len(told.encode()) <= 2000
    assert detail.encode("utf-8", "replace").decode().startswith(told)


@pytest.mark.parametrize(
    ("record", "whole"),
    [
        pytest.param(_record(b"k" * 10, b"v" * (MAX_BYTES - 10)), True, id="as large as a topic takes"),
        pytest.param(_record(b"k", b"v" * 5_000_000), False, id="came compressed"),
        pytest.param(_record(b"k" * 2_000_000, None), False, id="a huge key"),
        pytest.param(_record(None, b"v", (("h", b"x" * 2_000_000),)), False, id="huge headers"),
        pytest.param(_record(None, None, tuple((f"h{n}", b"") for n in range(400_000))), False, id="many headers"),
    ],
)
def test_a_dead_letter_fits_into_its_topic_and_says_when_it_was_cut(record: MemoryRecord, *, whole: bool) -> None:
    letter = _letter(record)

    size = len(letter.key or b"") + len(letter.value or b"") + sum(len(n) + len(v) + 4 for n, v in letter.headers)
    assert size < DEAD_MAX_BYTES - 1000
    assert ("dead_letter_cut" in _told(letter)) == (not whole)
    assert (letter.value == record.value and letter.key == record.key) or not whole


def test_headers_that_fit_stay_with_a_value_that_was_cut() -> None:
    letter = _letter(_record(b"k", b"v" * 2_000_000, (("ce_id", b"1"),)))

    assert letter.headers[0] == ("ce_id", b"1")
    assert _told(letter)["dead_letter_cut"] == "2000007"


def _limit(ratio: float = 0.5, run: int = 5) -> DeadLetterLimit:
    return DeadLetterLimit(ratio=ratio, run=run)


def test_so_many_in_a_row_stop_it_and_one_fewer_do_not() -> None:
    limit = _limit(run=5)
    limit.judge([None, *["odd"] * 4, None, *["odd"] * 4])

    with pytest.raises(TooManyDeadLetters, match=r"5 in a row.*'odd'"):
        limit.judge(["odd"])
    assert issubclass(TooManyDeadLetters, Fatal)


def test_a_share_is_judged_only_once_enough_was_seen() -> None:
    limit = _limit(ratio=0.1, run=1000)
    limit.judge(["odd"] * 99)

    with pytest.raises(TooManyDeadLetters, match="100 of the last 100"):
        limit.judge(["odd"])


def test_a_share_at_the_ratio_is_borne_and_one_more_is_not() -> None:
    limit = _limit(ratio=0.5, run=1000)
    limit.judge([None, "odd"] * 60)

    with pytest.raises(TooManyDeadLetters):
        limit.judge(["odd"])


def test_what_lies_more_than_a_thousand_records_back_is_forgotten() -> None:
    limit = _limit(ratio=0.3, run=1000)
    limit.judge([*[None] * 700, *["odd"] * 300])
    limit.judge([None] * 1000)
    limit.judge(["odd"] * 300)

    with pytest.raises(TooManyDeadLetters, match="301 of the last 1000"):
        limit.judge(["odd"])


@given(st.lists(st.lists(st.sampled_from([None, "odd"]), max_size=80), max_size=40))
def test_the_limit_is_a_matter_of_the_records_and_not_of_their_batches(batches: list[list[str | None]]) -> None:
    assert _stops_at(batches) == _stops_at([[outcome] for batch in batches for outcome in batch])


def _stops_at(batches: list[list[str | None]]) -> str | None:
    limit = _limit(ratio=0.6, run=12)
    try:
        for batch in batches:
            limit.judge(batch)
    except TooManyDeadLetters as reason:
        return str(reason)
    return None
