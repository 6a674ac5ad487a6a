"""When a delivery is tried again: the retry schedule of Standard Webhooks 1.0, as data."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SCHEDULE: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait after the first failed attempt, after the second, …; 75.6 hours together, ten attempts."""

JITTER = 0.2
SLOW_DOWN = timedelta(seconds=60)
"""The least wait after a timeout or a "slow down" (429, 502, 504): more load would make it worse."""

ABSURD = timedelta(days=30)
_DELAY_SECONDS = re.compile(r"[0-9]{1,10}")


def delay(
    attempt: int,
    chance: float,
    *,
    pressed: bool = False,
    asked: timedelta | None = None,
    schedule: Sequence[timedelta] = SCHEDULE,
) -> timedelta:
    """The wait after failed attempt number ``attempt``, which is not the schedule's last.

    Args:
        attempt: from 1.
        chance: in [0, 1); spreads the retries by plus or minus 20 %.
        pressed: the receiver is too busy; wait at least :data:`SLOW_DOWN`.
        asked: its Retry-After; followed between once and twice our own wait, so that no receiver can make us hammer it
            or forget it.
        schedule: the waits to choose from.
    """
    base = schedule[attempt - 1]
    least = max(base, SLOW_DOWN) if pressed else base
    if asked is not None:
        return min(max(asked, least), 2 * least)
    spread = base * (1 + JITTER * (2 * chance - 1))
    return max(spread, SLOW_DOWN) if pressed else spread


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """What a Retry-After header asks for (RFC 9110 section 10.2.3: seconds or an HTTP date).

    None when there is none, or when it makes no sense: negative, past, further away than :data:`ABSURD`, not readable.
    """
    wait = _wait((value or "").strip(), now)
    return wait if wait is not None and timedelta() < wait <= ABSURD else None


def _wait(value: str, now: datetime) -> timedelta | None:
    if _DELAY_SECONDS.fullmatch(value):
        return timedelta(seconds=int(value))
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # The obsolete asctime form carries no zone; it means UTC as all forms do.
    return (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
