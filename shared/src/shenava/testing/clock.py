"""A clock that moves only when it is told to."""

from datetime import datetime, timedelta

from shenava.testing.builders import BASE


class ManualClock:
    """A :data:`shenava.clock.Clock`; begins at the builders' base time."""

    def __init__(self, now: datetime = BASE) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The time it stands at."""
        return self._now

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Move on by ``by`` and by the parts of a timedelta (``hours=9``); returns the new time.

        Raises:
            ValueError: that would be backwards.
        """
        step = (by or timedelta()) + timedelta(**parts)
        if step < timedelta():
            raise ValueError(f"a clock does not go back: {step}; set it with `set`")
        self._now += step
        return self._now

    def set(self, now: datetime) -> None:
        """Stand at ``now``, also if that is earlier: clocks of hosts do jump."""
        self._now = now
