"""Where the shell gets the time from; pure code takes it as a parameter."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The host's wall clock, aware, in UTC."""
    return datetime.now(UTC)
