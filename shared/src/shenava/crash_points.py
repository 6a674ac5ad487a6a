"""Places where the process may be told to die as by ``kill -9``, so that tests can prove what a crash there costs.

``SHENAVA_CRASH_AT=relay.sent:3`` kills the process when it comes to ``relay.sent`` for the third time (without a
number: the first). Where the variable is not set, nothing happens.
"""

import os
import signal
from functools import cache
from itertools import count

VARIABLE = "SHENAVA_CRASH_AT"
POINTS: dict[str, str] = {
    "ingestor.acknowledged": "the brokers have acknowledged a mention, the sender is not answered",
    "transaction.written": "everything is written in a transaction, which is not committed",
    "consumer.handled": "a batch is handled, its offsets are not committed",
    "relay.sent": "staged rows are acknowledged by the brokers, and still in the outbox",
    "webhook.sent": "the receiver has answered, the attempt is not recorded",
    "timer.claimed": "due timers are claimed, what they say is not staged",
}


def reach(point: str) -> None:
    """Die here if that was ordered.

    Raises:
        ValueError: ``point`` is not on the list, or the variable names none that is.
    """
    wanted, turn, passes = _order()
    if point not in POINTS:
        raise ValueError(f"{point!r} is no crash point; add it to POINTS in {__name__}")
    if point == wanted and next(passes) == turn:
        os.kill(os.getpid(), signal.SIGKILL)


@cache
def _order() -> tuple[str | None, int, "count[int]"]:
    order = os.environ.get(VARIABLE)
    if order is None:
        return None, 0, count(1)
    point, _, turn = order.partition(":")
    if point not in POINTS or not (turn or "1").isdecimal():
        raise ValueError(f"{VARIABLE}={order!r}: say one of {', '.join(POINTS)}, with :n for the n-th time")
    return point, int(turn or 1), count(1)
