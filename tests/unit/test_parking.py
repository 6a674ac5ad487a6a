"""Parked partitions: each waits out its backoff, the one longest due comes first, and polls do not outlast them."""

from datetime import timedelta

from shenava.kafka.parking import Parking
from shenava.kafka.ports import Outbound, Partition
from shenava.kafka.work import Work
from shenava.retry import Backoff
from shenava.testing.memory_kafka import MemoryBroker

FIRST, SECOND = Partition("t", 0), Partition("t", 1)
EVEN = 0.5  # no jitter


def _parking() -> Parking:
    return Parking(Backoff(first=timedelta(seconds=1), limit=timedelta(seconds=10)))


def _work(partition: Partition, records: int = 1) -> Work:
    broker = MemoryBroker({"t": 2})
    for _ in range(records):
        broker.append(partition, Outbound("t", b"k", b"v"))
    return Work.of(partition, broker.log(partition))


def test_nothing_is_due_in_an_empty_parking_and_polls_take_their_time() -> None:
    parking = _parking()

    assert (parking.due(100.0), parking.wait(100.0, 0.2), len(parking), parking.records) == (None, 0.2, 0, 0)


def test_a_partition_is_due_after_its_backoff_and_not_before() -> None:
    parking = _parking()
    delay = parking.put(_work(FIRST), attempt=3, now=100.0, chance=EVEN)

    assert delay == 4.0
    assert parking.due(103.9) is None
    due = parking.due(104.0)
    assert due is not None
    assert (due.work.partition, due.attempt) == (FIRST, 3)


def test_the_one_that_has_been_due_the_longest_comes_first() -> None:
    parking = _parking()
    parking.put(_work(FIRST), attempt=2, now=100.0, chance=EVEN)
    parking.put(_work(SECOND), attempt=1, now=100.0, chance=EVEN)

    due = parking.due(200.0)
    assert due is not None
    assert due.work.partition == SECOND


def test_a_poll_waits_no_longer_than_until_the_next_one_is_due() -> None:
    parking = _parking()
    parking.put(_work(FIRST), attempt=1, now=100.0, chance=EVEN)

    assert parking.wait(100.75, 0.2) == 0.2
    assert parking.wait(100.875, 0.2) == 0.125
    assert parking.wait(500.0, 0.2) == 0.0


def test_a_partition_has_one_place_and_leaves_it_once() -> None:
    parking = _parking()
    parking.put(_work(FIRST, records=3), attempt=1, now=100.0, chance=EVEN)
    parking.put(_work(FIRST, records=2), attempt=2, now=101.0, chance=EVEN)

    assert (len(parking), parking.records) == (1, 2)
    assert parking.release(FIRST)
    assert not parking.release(FIRST)


def test_what_is_not_ours_any_more_is_forgotten() -> None:
    parking = _parking()
    parking.put(_work(FIRST), attempt=1, now=100.0, chance=EVEN)
    parking.put(_work(SECOND), attempt=1, now=100.0, chance=EVEN)
    parking.forget([FIRST, Partition("other", 0)])

    due = parking.due(200.0)
    assert due is not None
    assert (len(parking), due.work.partition) == (1, SECOND)
