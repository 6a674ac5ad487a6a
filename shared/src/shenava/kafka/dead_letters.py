"""Records that cannot be handled: how they are kept with their origin, and when so many of them must stop us. Pure.

A dead letter is the original key, value and headers, byte for byte, plus headers that tell where it came from and
why it was put aside; so a replay can feed back exactly what was read.
"""

from collections import deque
from datetime import datetime

from shenava.errors import Fatal, Invalid
from shenava.kafka.ports import Outbound, Record
from shenava.topics import DEAD_SUFFIX

PREFIX = "dead_letter_"
RECENT = 1000
ENOUGH_TO_JUDGE = 100
DETAIL_BYTES = 2000


class TooManyDeadLetters(Fatal):
    """So much is being put aside that the fault is likelier ours than the senders'."""


def dead_letter(record: Record, reason: Invalid, *, group: str, now: datetime) -> Outbound:
    """The record to write to the dead letter topic."""
    origin = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp,
        "group": group,
        "reason": reason.reason,
        "detail": reason.detail,
        "pointer": reason.pointer or "",
        "at": now.isoformat(),
    }
    headers = [*record.headers, *((PREFIX + name, _bounded(value)) for name, value in origin.items())]
    topic = record.topic.removesuffix(DEAD_SUFFIX) + DEAD_SUFFIX
    # Kafka clients refuse a record with neither key nor value.
    value = b"" if record.key is None and record.value is None else record.value
    return Outbound(topic, record.key, value, headers)


def _bounded(value: object) -> bytes:
    # The detail may quote the input, which may hold lone surrogates.
    return str(value).encode("utf-8", "replace")[:DETAIL_BYTES]


class DeadLetterLimit:
    """Stops a consumer before a bad deploy drains a topic into the dead letters.

    Args:
        ratio: of the last records (at least 100, at most 1,000), above which it stops.
        run: so many dead letters one after another stop it.
    """

    def __init__(self, *, ratio: float, run: int) -> None:
        self._ratio = ratio
        self._run_limit = run
        self._run = 0
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._dead = 0

    def handled(self, count: int = 1) -> None:
        """So many records were handled well."""
        if count:
            self._run = 0
        if not self._dead and len(self._recent) == RECENT:
            return  # nothing in sight could change
        for _ in range(min(count, RECENT)):
            self._note(dead=False)

    def dead(self, reason: str) -> None:
        """One record was put aside.

        Raises:
            TooManyDeadLetters: the limit is reached; this record itself was still put aside safely.
        """
        self._run += 1
        self._note(dead=True)
        seen = len(self._recent)
        if self._run >= self._run_limit or (seen >= ENOUGH_TO_JUDGE and self._dead > self._ratio * seen):
            raise TooManyDeadLetters(
                f"{self._dead} of the last {seen} records were dead letters, {self._run} in a row, the last for "
                f"{reason!r}; stopped so that the topic is not drained. Look at the dead letters' headers, mend the "
                "cause, then start again: reading goes on after the last finished record."
            )

    def _note(self, *, dead: bool) -> None:
        if len(self._recent) == RECENT:
            self._dead -= self._recent[0]
        self._recent.append(dead)
        self._dead += dead
