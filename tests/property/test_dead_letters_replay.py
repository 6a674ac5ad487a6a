"""Whatever record dies: a replay gives back exactly that record, however often, and its letter is never misread."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shenava.dead_letters.letter import Letter, Note, Origin, contents, note, opened, written_back
from shenava.errors import Invalid
from shenava.kafka.dead_letters import PREFIX, REPLAYS, dead_letter
from shenava.kafka.ports import Outbound
from shenava.testing.memory_kafka import MemoryRecord

NOW = datetime(2026, 3, 21, 12, 30, 1, 250, tzinfo=UTC)
TOPIC = "mentions.received"

Headers = tuple[tuple[str, bytes], ...]

_told = (
    "topic",
    "partition",
    "offset",
    "timestamp_ms",
    "group",
    "reason",
    "detail",
    "pointer",
    "at",
    "cut",
    "replayed",
)
names = st.text(max_size=12) | st.sampled_from([PREFIX + name for name in _told] + [REPLAYS])
headers = st.lists(st.tuples(names, st.binary(max_size=12) | st.sampled_from([b"1", b"12", b"x"])), max_size=12).map(
    tuple
)
records = st.builds(
    MemoryRecord,
    st.just(TOPIC),
    st.integers(0, 20),
    st.integers(0, 2**40),
    st.integers(0, 2**41),
    st.none() | st.binary(max_size=50),
    st.none() | st.binary(max_size=200),
    headers,
)
reasons = st.builds(Invalid, st.text(max_size=10), st.text(max_size=50), pointer=st.none() | st.text(max_size=10))


def as_read(written: Outbound, offset: int) -> MemoryRecord:
    return MemoryRecord(written.topic, 0, offset, 0, written.key, written.value, tuple(written.headers))


def died(record: MemoryRecord, reason: Invalid) -> MemoryRecord:
    return as_read(dead_letter(record, reason, group="sentiment", now=NOW), 7)


@given(records, reasons)
def test_a_replay_gives_back_the_record_byte_for_byte_and_counts(record: MemoryRecord, reason: Invalid) -> None:
    letter = opened(died(record, reason))
    assert isinstance(letter, Letter)
    written = written_back(letter.origin.topic, contents(died(record, reason)))

    assert (written.topic, written.key, written.value) == (TOPIC, record.key, record.value)
    *kept, count = written.headers
    counted = letter.replays > 0
    assert tuple(kept) == (record.headers[:-1] if counted else record.headers)
    assert count == (REPLAYS, b"%d" % (letter.replays + 1))


@given(records.filter(lambda record: REPLAYS not in dict(record.headers)), reasons, st.integers(1, 5))
def test_a_record_that_dies_again_and_again_is_itself_and_says_how_often(
    record: MemoryRecord, reason: Invalid, deaths: int
) -> None:
    living = record
    for death in range(deaths):
        letter = opened(died(living, reason))
        assert isinstance(letter, Letter)
        assert letter.replays == death
        living = replace(living, headers=tuple(written_back(TOPIC, contents(died(living, reason))).headers))

    assert living.headers == (*record.headers, (REPLAYS, b"%d" % deaths))


@given(records, reasons)
def test_a_letter_tells_the_origin_that_the_consumer_saw(record: MemoryRecord, reason: Invalid) -> None:
    letter = opened(died(record, reason))

    assert isinstance(letter, Letter)
    assert letter.origin == Origin(TOPIC, record.partition, record.offset, record.timestamp)
    assert (letter.at, letter.group, letter.cut) == (NOW, "sentiment", False)


@given(records, reasons)
def test_a_note_is_read_as_the_note_of_its_letters_record(record: MemoryRecord, reason: Invalid) -> None:
    letter = opened(died(record, reason))
    assert isinstance(letter, Letter)

    assert opened(as_read(note(letter, NOW), 8)) == Note(letter.origin, NOW)


@given(records.map(lambda record: replace(record, topic=TOPIC + ".dead")))
def test_what_no_consumer_wrote_opens_without_an_error(record: MemoryRecord) -> None:
    assert opened(record) is None or PREFIX + "topic" in dict(record.headers)
