"""Crash points: a process dies exactly where and when it was told to, and nowhere else."""

import os
import signal
import subprocess
import sys

import pytest

from shenava import crash_points

PASSES = """
from shenava.crash_points import reach
for turn in range(1, 4):
    print(turn, flush=True)
    reach("relay.sent")
    reach("consumer.handled")
"""


def _run(order: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != crash_points.VARIABLE}
    if order is not None:
        environment[crash_points.VARIABLE] = order
    return subprocess.run(
        [sys.executable, "-c", PASSES], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_process_without_orders_passes_every_point() -> None:
    finished = _run(None)

    assert (finished.returncode, finished.stdout.split()) == (0, ["1", "2", "3"])


@pytest.mark.parametrize(("order", "turns"), [("relay.sent", 1), ("relay.sent:2", 2), ("consumer.handled:3", 3)])
def test_a_process_is_killed_at_the_named_point_and_turn(order: str, turns: int) -> None:
    finished = _run(order)

    assert finished.returncode == -signal.SIGKILL
    assert len(finished.stdout.split()) == turns


@pytest.mark.parametrize("order", ["relay.snt", "relay.sent:soon", ""])
def test_an_order_that_names_no_point_is_refused_loudly(order: str) -> None:
    finished = _run(order)

    assert finished.returncode == 1
    assert "relay.sent" in finished.stderr


def test_a_point_that_is_not_on_the_list_cannot_be_reached() -> None:
    with pytest.raises(ValueError, match="no crash point"):
        crash_points.reach("somewhere")
