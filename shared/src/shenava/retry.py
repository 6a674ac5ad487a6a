"""Backoff as a value: when to try again, decided without a clock and without sleeping."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with proportional jitter.

    Attributes:
        first: the delay before the second attempt, without jitter.
        limit: no delay without jitter is longer than this.
        factor: how much longer each delay is than the one before.
        jitter: the share by which a delay may be shorter or longer (0.2 is plus or minus 20 %).
    """

    first: timedelta = timedelta(milliseconds=200)
    limit: timedelta = timedelta(seconds=10)
    factor: float = 2.0
    jitter: float = 0.2

    def delay(self, attempt: int, chance: float) -> timedelta:
        """The wait after failed attempt number ``attempt`` (from 1); ``chance`` in [0, 1) spreads the callers."""
        # In floats, with a bounded exponent: a timedelta overflows after some forty doublings, minutes into an outage.
        plain = min(self.limit.total_seconds(), self.first.total_seconds() * self.factor ** min(attempt - 1, 60))
        return timedelta(seconds=plain * (1 + self.jitter * (2 * chance - 1)))


PROMPT = Backoff(limit=timedelta(milliseconds=1500))
"""For what has to go on within two seconds after an outage has ended."""
