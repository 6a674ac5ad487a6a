"""How slowly a link lets bytes pass, and when each chunk of them leaves. Pure: the time is a parameter."""

import math
from dataclasses import dataclass

LARGEST_CHUNK = 65_536
_CHUNKS_A_SECOND = 20


@dataclass(frozen=True, slots=True)
class Pace:
    """The slowness of one direction.

    Attributes:
        delay: seconds that every byte is under way.
        jitter: at most so many seconds more; bytes never overtake one another.
        bytes_per_second: no more than that passes.
    """

    delay: float = 0.0
    jitter: float = 0.0
    bytes_per_second: float = math.inf

    @property
    def chunk(self) -> int:
        """Bytes to take at once: small ones where little passes, so that they trickle instead of coming in lumps."""
        if math.isinf(self.bytes_per_second):
            return LARGEST_CHUNK
        return max(1, min(LARGEST_CHUNK, int(self.bytes_per_second / _CHUNKS_A_SECOND)))


AT_ONCE = Pace()


class Timetable:
    """When the chunks of one direction of one connection leave, in their order."""

    def __init__(self) -> None:
        self._last = -math.inf

    def leaves(self, pace: Pace, *, now: float, size: int, chance: float) -> float:
        """The time at which a chunk of ``size`` bytes that came at ``now`` has passed; ``chance`` is in [0, 1)."""
        arrives = now + pace.delay + pace.jitter * chance
        self._last = max(arrives, self._last) + size / pace.bytes_per_second
        return self._last
