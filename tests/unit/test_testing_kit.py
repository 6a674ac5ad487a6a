"""The testing kit itself: builders that always build the same, a clock that obeys, waiting that gives up."""

from datetime import UTC, datetime, timedelta

import pytest

from shenava.codec import decode, encode
from shenava.kafka.ports import Outbound, Partition
from shenava.testing import builders
from shenava.testing.clock import ManualClock
from shenava.testing.memory_kafka import MemoryBroker
from shenava.testing.waiting import until


def test_builders_build_the_same_each_time_and_only_what_can_be_read() -> None:
    assert builders.one_of_each() == builders.one_of_each()
    for event in builders.one_of_each():
        assert decode(*encode(event, source="tests")[1:]) == event


def test_events_that_are_different_have_different_ids() -> None:
    events = [
        *builders.one_of_each(),
        builders.received(native_id="p-2"),
        builders.received(change="edited"),
        builders.received(brand="other"),
        builders.issue_opened(issue_id="i-2"),
        builders.issue_acknowledged(sequence=9),
        builders.sla_breached(clock="resolution"),
        builders.sla_breached(round=2),
        builders.fact(fact_id="o-2"),
    ]

    assert len({event.event_id for event in events}) == len(events)


def test_a_mention_event_takes_the_fields_of_its_mention_and_its_own() -> None:
    event = builders.classified(text="عالی بود", event_id="e-1", classification=builders.classification(language="en"))

    assert (event.mention.text, event.event_id, event.classification.language) == ("عالی بود", "e-1", "en")


@pytest.mark.parametrize("language", ["fa", "fa-Latn", "en"])
def test_mentions_come_in_persian_romanised_persian_and_english(language: str) -> None:
    event = builders.classified(language)

    assert event.mention.text == builders.TEXTS[language]
    assert event.classification.language == language


def test_a_clock_stands_still_until_it_is_moved_and_goes_back_only_when_it_is_set() -> None:
    clock = ManualClock(datetime(2026, 3, 21, tzinfo=UTC))
    assert clock() == clock()
    assert clock.advance(timedelta(minutes=1), hours=9) == datetime(2026, 3, 21, 9, 1, tzinfo=UTC) == clock()
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(hours=-1)
    clock.set(builders.BASE)
    assert clock() == builders.BASE


async def test_waiting_ends_with_its_condition_or_says_what_it_waited_for() -> None:
    looks = iter([False, 0, None, "true"])
    await until(lambda: next(looks))
    never_so: list[int] = []
    with pytest.raises(AssertionError, match="never_so"):
        await until(lambda: never_so, within_seconds=0.05)


def test_records_in_memory_carry_the_clocks_time_and_their_offset() -> None:
    clock = ManualClock()
    broker = MemoryBroker({"t": 1}, clock=clock)
    broker.append(Partition("t", 0), Outbound("t", b"k", b"1"))
    clock.advance(seconds=1)
    second = broker.append(Partition("t", 0), Outbound("t", b"k", b"2"))

    assert (second.offset, second.timestamp) == (1, int(builders.BASE.timestamp() * 1000) + 1000)
    assert [record.value for record in broker.records("t")] == [b"1", b"2"]
