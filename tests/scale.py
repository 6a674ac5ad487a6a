"""How much the tests of faults do: a little in ``make test``, as much as is asked for by ``SHENAVA_CHAOS_SCALE``."""

import os

VARIABLE = "SHENAVA_CHAOS_SCALE"
SCALE = max(1, int(os.environ.get(VARIABLE, "1")))
"""How many times the short form; 20 makes 100,000 deadlines of 5,000."""


def scaled(count: int) -> int:
    """``count`` of the short form, in the form that was asked for."""
    return count * SCALE
