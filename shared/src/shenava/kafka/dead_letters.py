"""Records that cannot be handled: how they are kept with their origin, and when so many of them must stop us. Pure.

A dead letter is the original key, value and headers, byte for byte, plus headers that tell where it came from and
why it was put aside; so a replay can feed back exactly what was read. Only a record that is larger than a topic takes
(it came compressed) is cut, and says so: its origin has the whole.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime

from shenava.errors import Fatal, Invalid
from shenava.kafka.ports import Outbound, Record
from shenava.topics import DEAD_SUFFIX

PREFIX = "dead_letter_"
REPLAYS = PREFIX + "replays"
"""The last header of a record that was replayed: how often. It stays with the record when that dies again."""
RECENT = 1000
ENOUGH_TO_JUDGE = 100
DETAIL_BYTES = 2000
REPLAYS_DIGITS = 6
LARGEST_BYTES = 1_048_588
"""Key, value and headers of what Kafka takes by default; the dead letter topics take more (see ``admin.py``)."""
CUT_BYTES = 100_000


class TooManyDeadLetters(Fatal):
    """So much is being put aside that the fault is likelier ours than the senders'."""


def dead_letter(record: Record, reason: Invalid, *, group: str, now: datetime) -> Outbound:
    """The record to write to the dead letter topic."""
    origin: dict[str, object] = {
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
    key, value, headers = record.key, record.value, list(record.headers)
    if (whole := size(key, value, headers)) > LARGEST_BYTES:
        origin["cut"] = whole
        key, value = key and key[:CUT_BYTES], value and value[:CUT_BYTES]
        if size(None, None, headers) > CUT_BYTES:
            headers = headers[-1:] if replays(headers) else []
    headers += [(PREFIX + name, _bounded(told)) for name, told in origin.items()]
    return Outbound(record.topic.removesuffix(DEAD_SUFFIX) + DEAD_SUFFIX, key, value, headers)


def replays(headers: Sequence[tuple[str, bytes]]) -> int:
    """How often the record with these headers was replayed before."""
    name, told = headers[-1] if headers else ("", b"")
    return int(told) if name == REPLAYS and told and len(told) <= REPLAYS_DIGITS and told.isdigit() else 0


def size(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> int:
    """Bytes of a record's parts, without what Kafka adds."""
    # A header may come without a value, though clients' types do not say so.
    return len(key or b"") + len(value or b"") + sum(len(name.encode()) + len(told or b"") for name, told in headers)


def _bounded(value: object) -> bytes:
    # The detail may quote the input, which may hold lone surrogates.
    return str(value).encode("utf-8", "replace")[:DETAIL_BYTES].decode("utf-8", "ignore").encode()


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

    def judge(self, outcomes: Sequence[str | None]) -> None:
        """What became of records, in their order: the reason of each that was put aside, None for a handled one.

        Raises:
            TooManyDeadLetters: the limit is reached; these were put aside safely all the same.
        """
        if not self._dead and len(self._recent) == RECENT and not any(outcomes):
            return  # nothing in sight could change
        for reason in outcomes:
            self._note(dead=reason is not None)
            if reason is not None:
                self._stop_if_too_many(reason)

    def _stop_if_too_many(self, reason: str) -> None:
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
        self._run = self._run + 1 if dead else 0
