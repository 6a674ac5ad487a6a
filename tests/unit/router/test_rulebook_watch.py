"""The rulebook in force changes with its file, and only for a better one."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from router.rulebook_faults import InvalidRulebook
from router.rulebook_watch import RulebookInForce
from rulebooks import book, small, written
from shenava.telemetry import metrics
from shenava.testing.waiting import until

EVERY = timedelta(milliseconds=10)
OTHER = {**small(), "fallback": {"queue": "content"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rulebook.yaml"
    file.write_bytes(written(small()))
    return file


def counted(outcome: str) -> float:
    value: float = metrics.RULEBOOK_CHANGES.labels(outcome)._value.get()
    return value


def test_a_new_file_is_taken_whole(path: Path) -> None:
    in_force = RulebookInForce(path, EVERY)
    held, taken = in_force.current, counted("taken")
    path.write_bytes(written(OTHER))
    in_force.look()
    assert in_force.current.fallback.queue == "content"
    assert held.fallback.queue == "customer-care"
    assert counted("taken") == taken + 1


def test_a_wrong_file_is_refused_once_aloud_and_the_old_rulebook_stays(path: Path) -> None:
    in_force = RulebookInForce(path, EVERY)
    refused = counted("refused")
    path.write_bytes(b"rules: []")
    with capture_logs() as logs:
        in_force.look()
        in_force.look()
    assert [entry["event"] for entry in logs] == ["rulebook_refused"]
    assert "fallback: Field required" in logs[0]["faults"]
    assert in_force.current.version == book().version
    assert counted("refused") == refused + 1


def test_a_file_that_vanishes_changes_nothing_and_one_that_comes_back_is_read(path: Path) -> None:
    in_force = RulebookInForce(path, EVERY)
    path.unlink()
    in_force.look()
    in_force.look()
    assert in_force.current.version == book().version
    path.write_bytes(written(OTHER))
    in_force.look()
    assert in_force.current.version == book(OTHER).version


def test_a_wrong_file_mended_back_to_what_it_was_counts_as_no_change(path: Path) -> None:
    in_force = RulebookInForce(path, EVERY)
    taken = counted("taken")
    for content in (b"rules: []", written(small()), b"rules: []"):
        path.write_bytes(content)
        in_force.look()
    assert counted("taken") == taken
    assert in_force.current.version == book().version


def test_there_is_nothing_to_start_with_when_the_first_file_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InvalidRulebook):
        RulebookInForce(tmp_path / "none.yaml", EVERY)


async def test_the_watch_sees_a_change_by_itself_and_ends_when_told(path: Path) -> None:
    in_force = RulebookInForce(path, EVERY)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(in_force.run(stop))
        await asyncio.to_thread(path.write_bytes, written(OTHER))
        await until(lambda: in_force.current.fallback.queue == "content")
        stop.set()
