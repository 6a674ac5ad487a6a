"""Runs a module in a process whose host shows another time: ``python -m other_clock OFFSETS MODULE ARGUMENTS…``.

OFFSETS are seconds, by commas; the clock jumps from one to the next every half second, and begins again. It is what
Python's ``time`` and our own seam give, not what compiled libraries ask the system for; the steady clock that waits are
measured by is left as it is.
"""

import runpy
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import shenava.clock

AHEAD, BEHIND, YEARS_AHEAD = 5_400, -5_400, 15 * 365 * 86_400
"""An hour and a half each way, and beyond 2038."""

_JUMP_SECONDS = 0.5


def shift(offsets: Sequence[float]) -> None:
    """Have this process see a clock that is wrong by ``offsets``; what is imported later knows no other."""
    true_time, began = time.time, time.monotonic()

    def shifted() -> float:
        return true_time() + offsets[int((time.monotonic() - began) / _JUMP_SECONDS) % len(offsets)]

    time.time = shifted
    time.time_ns = lambda: int(shifted() * 1e9)
    shenava.clock.utc_now = lambda: datetime.fromtimestamp(shifted(), UTC)


def arguments(offsets: Sequence[float], module: str, *given: str) -> list[str]:
    """The command that runs ``module`` so."""
    return [sys.executable, "-m", "other_clock", ",".join(map(str, offsets)), module, *given]


if __name__ == "__main__":
    shift([float(each) for each in sys.argv[1].split(",")])
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
