"""Ends the children of a process that died: a small program that ``processes`` starts beside itself.

The parent holds the other end of this program's standard input, so end of input means that the parent is gone, even by
``kill -9``. That works on Linux and macOS, from any thread, and needs no code between fork and exec.
"""

import contextlib
import os
import sys
from collections.abc import Iterable


def guarded_at_end(lines: Iterable[str]) -> dict[int, int]:
    """Process groups still guarded after all lines (``+ group signal`` or ``- group``), each with its signal."""
    guarded: dict[int, int] = {}
    for line in lines:
        match line.split():
            case ["+", group, signal_number]:
                guarded[int(group)] = int(signal_number)
            case ["-", group]:
                guarded.pop(int(group), None)
            case _:
                pass  # the parent died within a line
    return guarded


if __name__ == "__main__":
    for process_group, number in reversed(guarded_at_end(sys.stdin).items()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process_group, number)
