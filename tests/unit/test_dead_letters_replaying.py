"""How far a replay comes when something goes wrong on the way, and that it says so."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from shenava.codec import encode
from shenava.dead_letters.letter import REPLAYED, Letter, opened
from shenava.dead_letters.log import Log
from shenava.dead_letters.plan import Policy
from shenava.dead_letters.replaying import Replay, Replayed
from shenava.dead_letters.writer import Writer
from shenava.errors import Invalid, Transient
from shenava.kafka.dead_letters import dead_letter
from shenava.kafka.ports import Outbound, Partition, Record, WriteFailed
from shenava.kafka.producer import Producer
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.memory_kafka import MemoryRecord

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOPIC = "mentions.received"
FAST = 10_000


class Shelf:
    """Dead letters in memory, to be read by their places."""

    def __init__(self, count: int) -> None:
        self.partitions = {TOPIC: range(1), TOPIC + ".dead": range(1)}
        self.records: list[Record] = [self._buried(offset) for offset in range(count)]
        self.away_at: int | None = None

    async def at(self, partition: Partition, offset: int) -> Record | None:
        if offset == self.away_at:
            raise Transient("kafka cannot be read")
        lies_here = partition == Partition(TOPIC + ".dead", 0) and offset < len(self.records)
        return self.records[offset] if lies_here else None

    @property
    def letters(self) -> list[Letter]:
        """All of them."""
        return [letter for record in self.records if isinstance(letter := opened(record), Letter)]

    def _buried(self, offset: int) -> Record:
        key, value, headers = encode(received(native_id=f"p-{offset}"), source="ingestor")
        record = MemoryRecord(TOPIC, 0, offset, 0, key, value, tuple(headers))
        letter = dead_letter(record, Invalid("odd", ""), group="sentiment", now=NOW)
        return MemoryRecord(letter.topic, 0, offset, 0, letter.key, letter.value, tuple(letter.headers))


class Pen:
    """Keeps what is written; from a certain write on nothing is acknowledged."""

    def __init__(self, *, fails_from: int = 10**9, too_large: frozenset[int] = frozenset()) -> None:
        self.written: list[list[Outbound]] = []
        self._fails_from = fails_from
        self._too_large = too_large

    async def write(self, records: Sequence[Outbound]) -> frozenset[int]:
        if len(self.written) >= self._fails_from:
            raise WriteFailed("the brokers are away")
        self.written.append(list(records))
        return self._too_large if records[0].headers[0][0] != REPLAYED else frozenset()


async def replayed(shelf: Shelf, pen: Pen, letters: Sequence[Letter], stop: asyncio.Event | None = None) -> Replayed:
    log, writer = cast("Log", shelf), cast("Writer", pen)
    work = Replay(log, writer, Policy(), rate=FAST, stop=stop or asyncio.Event(), clock=lambda: NOW)
    return await work.run(letters)


@pytest.mark.parametrize(("fails_from", "remembered"), [(2, 50), (3, 50), (0, 0), (1, 0)])
async def test_a_replay_whose_writes_fail_tells_only_what_is_remembered_as_done(
    fails_from: int, remembered: int
) -> None:
    shelf = Shelf(120)
    done = await replayed(shelf, Pen(fails_from=fails_from), shelf.letters)

    assert (len(done.letters), done.stopped, done.refused) == (remembered, "the brokers are away", [])


async def test_a_replay_that_cannot_read_on_tells_how_far_it_came() -> None:
    shelf = Shelf(120)
    shelf.away_at = 60
    done = await replayed(shelf, Pen(), shelf.letters)

    assert (len(done.letters), done.stopped) == (50, "kafka cannot be read")


async def test_a_note_is_written_only_after_the_record_it_speaks_of() -> None:
    shelf, pen = Shelf(60), Pen()
    await replayed(shelf, pen, shelf.letters)

    kinds = [{record.topic for record in written} for written in pen.written]
    assert kinds == [{TOPIC}, {TOPIC + ".dead"}] * 2
    assert [len(written) for written in pen.written] == [50, 50, 10, 10]


async def test_a_record_that_its_topic_does_not_take_is_refused_and_not_remembered() -> None:
    shelf, pen = Shelf(3), Pen(too_large=frozenset({1}))
    done = await replayed(shelf, pen, shelf.letters)

    assert [letter.offset for letter in done.letters] == [0, 2]
    assert ["max.message.bytes" in refused.why for refused in done.refused] == [True]
    assert len(pen.written[1]) == 2


async def test_a_letter_that_retention_removed_meanwhile_is_refused() -> None:
    shelf = Shelf(2)
    letters = shelf.letters
    shelf.records.pop()
    done = await replayed(shelf, Pen(), letters)

    assert (len(done.letters), len(done.refused)) == (1, 1)
    assert "not there any more" in done.refused[0].why


async def test_a_replay_that_is_told_to_stop_before_it_begins_writes_nothing() -> None:
    shelf, pen, stop = Shelf(2), Pen(), asyncio.Event()
    stop.set()
    done = await replayed(shelf, pen, shelf.letters, stop)

    assert (pen.written, done.letters, done.stopped) == ([], [], "it was told to stop")


class FullTopic:
    """A producer whose topic takes nothing so large."""

    def __init__(self, cause: Exception) -> None:
        self._cause = cause

    async def send(self, records: Sequence[Outbound]) -> None:
        raise WriteFailed(f"{len(records)} records") from self._cause


async def test_a_failure_for_size_is_no_end_and_any_other_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def not_compressed_either(_: Writer, record: Outbound) -> bool:
        return record.key == b"small"

    monkeypatch.setattr(Writer, "_sent_compressed", not_compressed_either)
    records = [Outbound(TOPIC, b"small", b"v"), Outbound(TOPIC, b"large", b"v")]

    sized = Writer(cast("Producer", FullTopic(MessageSizeTooLargeError())), KafkaSettings())
    assert await sized.write(records) == {1}
    away = Writer(cast("Producer", FullTopic(ConnectionError())), KafkaSettings())
    with pytest.raises(WriteFailed):
        await away.write(records)
