"""A limit on how much each caller may send, as one token bucket a caller."""

import math
from dataclasses import dataclass

from shenava.http.problems import Problem


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Rates:
    """Token buckets by caller. A caller may run into debt with one large request, and then waits until it is paid.

    Callers are the names of configured API keys, so there are never more buckets than keys.

    Args:
        rate: tokens a second.
        burst: what a bucket holds at most.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: dict[str, _Bucket] = {}

    def admit(self, caller: str, now: float) -> None:
        """Take one token for a request of ``caller``; ``now`` is in seconds of a clock that does not go back.

        Raises:
            Problem: 429 with Retry-After, when the bucket is empty.
        """
        bucket = self._filled(caller, now)
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / self._rate)
            raise Problem(
                429,
                "Too many requests",
                f"this API key may send {self._rate:g} items a second; go on in {wait} s",
                headers={"Retry-After": str(wait)},
            )
        bucket.tokens -= 1

    def charge(self, caller: str, tokens: int, now: float) -> None:
        """Take ``tokens`` more for what an admitted request turned out to hold."""
        self._filled(caller, now).tokens -= tokens

    def _filled(self, caller: str, now: float) -> _Bucket:
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = self._buckets[caller] = _Bucket(self._burst, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._rate)
        bucket.filled_at = now
        return bucket
