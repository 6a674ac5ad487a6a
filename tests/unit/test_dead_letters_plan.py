"""Which letters are meant, and what a replay does with each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shenava.dead_letters.letter import Contents, Letter, Origin, whole
from shenava.dead_letters.listing import as_data, counted
from shenava.dead_letters.plan import Policy, plan, refusal
from shenava.dead_letters.selection import Place, Selection, dead_name, instant, place
from shenava.errors import Invalid
from shenava.kafka.dead_letters import REPLAYS, dead_letter, replays
from shenava.kafka.quarantine import REASON as KILLS
from shenava.testing.memory_kafka import MemoryRecord

NOW = datetime(2026, 3, 21, 12, tzinfo=UTC)
TOPIC = "mentions.received"


def letter(offset: int = 0, partition: int = 0, **over: Any) -> Letter:
    made = Letter(
        topic=TOPIC + ".dead",
        partition=0,
        offset=offset,
        origin=Origin(TOPIC, partition, offset, 1_774_000_000_000),
        at=NOW,
        group="sentiment",
        reason="unknown_event_type",
        detail="no event of this type is read here",
        pointer="",
        replays=0,
        size=100,
        cut=False,
        fault=None,
    )
    return replace(made, **over)


def test_letters_are_written_in_the_order_of_their_origin_and_no_more_than_allowed() -> None:
    letters = [letter(9, 1), letter(2, 1), letter(7, 0), letter(1, 2)]
    decided = plan(letters, {}, Policy(most=3))

    assert [(each.origin.partition, each.origin.offset) for each in decided.write] == [(0, 7), (1, 2), (1, 9)]
    assert decided.left == [letters[3]]


def test_what_was_replayed_is_left_out_unless_it_is_wanted_again() -> None:
    one, other = letter(1), letter(2)
    replayed = {one.origin: NOW}

    assert plan([one, other], replayed, Policy()).write == [other]
    assert plan([one, other], replayed, Policy()).already == [one]
    assert plan([one, other], replayed, Policy(again=True)).write == [one, other]


def test_a_topic_that_was_made_again_has_records_of_its_own() -> None:
    former, now = letter(1), letter(1, origin=Origin(TOPIC, 0, 1, 1_775_000_000_000))

    assert plan([now], {former.origin: NOW}, Policy()).write == [now]


def test_a_record_that_two_groups_refused_is_written_once() -> None:
    one, other = letter(1), letter(2, group="audit", origin=letter(1).origin)
    decided = plan([other, one], {}, Policy())

    assert (decided.write, decided.alike) == ([one], [other])


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"fault": "malformed_json: no JSON"}, r"does not decode.*malformed_json.*--force"),
        ({"replays": 3}, r"replayed 3 times.*--max-replays"),
        ({"reason": KILLS}, r"ended its reader's process.*--force"),
        ({"origin": Origin("issues.lifecycle", 0, 1, 0)}, r"came from issues.lifecycle.*nothing is written"),
        ({"origin": Origin(TOPIC + ".dead", 0, 1, 0)}, r"nothing is written"),
    ],
)
def test_what_would_not_help_is_refused_with_the_way_to_mend_it(over: dict[str, Any], words: str) -> None:
    decided = plan([letter(1, **over)], {}, Policy())

    assert decided.write == []
    assert [refused.letter for refused in decided.refused] == [f"{TOPIC}.dead 0:1 (from {letter(1, **over).origin})"]
    with pytest.raises(Invalid, match=words):
        raise Invalid("refused", decided.refused[0].why)


def test_force_writes_what_does_not_decode_and_what_killed_but_not_endlessly_nor_anywhere() -> None:
    policy = Policy(force=True, most_replays=2)

    assert refusal(letter(fault="malformed_json", replays=1), policy) is None
    assert refusal(letter(reason=KILLS), policy) is None
    assert refusal(letter(replays=2), policy) is not None
    assert refusal(letter(origin=Origin("elsewhere", 0, 0, 0)), policy) is not None


def test_a_selection_takes_what_meets_all_of_it() -> None:
    within = Selection(since=NOW, until=NOW + timedelta(hours=1))

    assert Selection().takes(letter())
    assert within.takes(letter())
    assert not within.takes(letter(at=NOW + timedelta(hours=1)))
    assert not within.takes(letter(at=NOW - timedelta(seconds=1)))
    assert Selection(reasons=frozenset({"odd", "unknown_event_type"})).takes(letter())
    assert not Selection(groups=frozenset({"router"})).takes(letter())
    assert not Selection(places=frozenset({Place(0, 1)}), groups=frozenset({"router"})).takes(letter(1))


def test_places_that_hold_no_letter_are_named() -> None:
    wanted = Selection(places=frozenset({Place(0, 1), Place(0, 9), Place(1, 1)}))

    assert wanted.missing([letter(1)]) == [Place(0, 9), Place(1, 1)]


@pytest.mark.parametrize("topic", [TOPIC, TOPIC + ".dead"])
def test_a_topic_is_named_as_itself_or_as_its_dead_letters(topic: str) -> None:
    assert dead_name(topic) == TOPIC + ".dead"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("2026-03-21", datetime(2026, 3, 21, tzinfo=UTC)),
        ("2026-03-21T10:00:00", datetime(2026, 3, 21, 10, tzinfo=UTC)),
        ("2026-03-21T10:00:00+03:30", datetime(2026, 3, 21, 6, 30, tzinfo=UTC)),
    ],
)
def test_times_are_written_as_people_do(written: str, meant: datetime) -> None:
    assert instant(written, NOW) == meant


@pytest.mark.parametrize("written", ["yesterday", "", "2026-13-01", "9999d"])
def test_what_is_no_time_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match=r"2026-11-23|at most a year"):
        instant(written, NOW)


@pytest.mark.parametrize("written", ["17", "0:", ":1", "0:-1", "a:b", "۰:۱۷", "0:1:2"])
def test_what_is_no_place_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match="0:17"):
        place(written)
    assert place("0:17") == Place(0, 17)


def test_counts_tell_letters_and_how_many_wait_by_topic_and_reason() -> None:
    letters = [letter(1), letter(2), letter(3, reason="tombstone")]

    assert counted(letters, {letters[0].origin: NOW}, {"odd.dead": [Place(0, 0)]}) == [
        {"topic": TOPIC + ".dead", "reason": "tombstone", "letters": 1, "waiting": 1},
        {"topic": TOPIC + ".dead", "reason": "unknown_event_type", "letters": 2, "waiting": 1},
        {"topic": "odd.dead", "reason": None, "letters": 1, "waiting": 0},
    ]


def test_a_letters_data_never_have_its_value() -> None:
    assert not {"value", "key", "headers"} & as_data(letter(), {}).keys()


def test_of_a_letter_that_was_cut_only_the_very_record_is_taken_from_its_origin() -> None:
    record = MemoryRecord(TOPIC, 3, 17, 1_774_000_000_000, b"k", b"v" * 2_000_000, (("ce_id", b"1"),))
    cut = Contents(b"k", b"v" * 100_000, record.headers)
    wanted = letter(cut=True, origin=Origin(TOPIC, 3, 17, record.timestamp))

    assert whole(wanted, cut, record) == Contents(record.key, record.value, record.headers)
    for other in (
        None,
        replace(record, offset=18),
        replace(record, timestamp=1),
        replace(record, key=b"l"),
        replace(record, value=b"w" * 2_000_000),
    ):
        assert whole(wanted, cut, other) is None


def test_a_letter_whose_headers_were_cut_still_counts_its_replays() -> None:
    headers = (("h", b"x" * 2_000_000), (REPLAYS, b"2"))
    written = dead_letter(
        MemoryRecord(TOPIC, 0, 0, 0, b"k", b"v", headers), Invalid("odd", ""), group="sentiment", now=NOW
    )

    assert replays(written.headers[:1]) == 2
