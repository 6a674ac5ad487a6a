"""Marks: they move only forward, only past finished records, and are stored once."""

from shenava.kafka.ports import Partition
from shenava.kafka.progress import Progress

FIRST, SECOND = Partition("t", 0), Partition("t", 1)


def test_the_mark_of_a_finished_record_is_the_next_offset_to_read() -> None:
    progress = Progress()
    progress.finish(FIRST, 0)
    progress.finish(SECOND, 41)

    assert progress.uncommitted() == {FIRST: 1, SECOND: 42}


def test_a_repeat_of_an_older_record_never_moves_the_mark_back() -> None:
    progress = Progress()
    progress.finish(FIRST, 9)
    progress.finish(FIRST, 4)

    assert progress.uncommitted() == {FIRST: 10}


def test_only_what_moved_since_the_last_commit_is_to_be_committed() -> None:
    progress = Progress()
    progress.finish(FIRST, 1)
    progress.finish(SECOND, 1)
    progress.committed(progress.uncommitted())
    progress.finish(SECOND, 2)

    assert progress.uncommitted() == {SECOND: 3}


def test_a_commit_that_was_overtaken_leaves_the_newer_mark_to_be_committed() -> None:
    progress = Progress()
    progress.finish(FIRST, 1)
    sent = progress.uncommitted()
    progress.finish(FIRST, 5)
    progress.committed(sent)

    assert progress.uncommitted() == {FIRST: 6}


def test_a_partition_that_came_back_begins_without_the_marks_of_its_former_time() -> None:
    progress = Progress()
    progress.finish(FIRST, 99)
    progress.finish(SECOND, 1)
    progress.forget(frozenset({FIRST}))
    progress.finish(FIRST, 3)

    assert progress.uncommitted() == {FIRST: 4, SECOND: 2}


def test_a_partition_begins_at_its_next_record_and_is_never_taken_back_behind_what_is_finished() -> None:
    progress = Progress()
    progress.begin(FIRST, 7)
    progress.finish(SECOND, 9)
    progress.begin(SECOND, 4)

    assert (progress.mark(FIRST), progress.mark(SECOND)) == (7, 10)
    assert progress.uncommitted() == {FIRST: 7, SECOND: 10}
