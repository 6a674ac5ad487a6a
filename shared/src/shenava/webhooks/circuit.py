"""The circuit of one endpoint: while it is open nothing is sent there, and no delivery loses an attempt by that."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shenava.retry import Backoff
from shenava.webhooks.outcome import Delivered, Disable, Outcome, RetryAt

THRESHOLD = 5
"""This many failures in a row open the circuit."""

PAUSE = Backoff(first=timedelta(seconds=30), limit=timedelta(minutes=5))
"""How long it stays open; then one delivery at a time is let through, until one succeeds."""

DISABLE_AFTER = timedelta(hours=120)
"""An endpoint that did nothing but fail for this long is disabled."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of an endpoint's health, shared by all dispatchers.

    Attributes:
        failures: attempts failed in a row.
        failing_since: when the first of them was.
        open_until: nothing is sent before this.
        disabled: why nothing is sent at all until somebody enables it, or None.
    """

    failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None
    disabled: str | None = None

    def room(self, now: datetime, free: int, *, idle: bool) -> int:
        """How many deliveries may start now, of ``free`` slots; ``idle`` when none is under way here."""
        if self.disabled is not None or (self.open_until is not None and now < self.open_until):
            return 0
        if self.failures >= THRESHOLD:
            return min(free, 1) if idle else 0
        return free

    def after(self, outcome: Outcome, now: datetime, chance: float) -> "Circuit":
        """The circuit once ``outcome`` is known."""
        match outcome:
            case Delivered():
                return Circuit(disabled=self.disabled)
            case Disable(reason):
                return replace(self, disabled=reason)
            case RetryAt(when, _, throttled):
                return self._failed(now, chance, throttled_until=when if throttled else None)
            case _:
                return self._failed(now, chance)

    def _failed(self, now: datetime, chance: float, throttled_until: datetime | None = None) -> "Circuit":
        open_until = self.open_until
        paused = open_until is not None and now < open_until
        # What was under way when the pause began fails with it: that is still the one outage.
        failures = self.failures if paused else self.failures + 1
        since = self.failing_since or now
        if throttled_until is not None:
            # The delivery waits as long as its schedule says; the endpoint's others wait only as a circuit does.
            open_until = _later(open_until, min(throttled_until, now + PAUSE.limit))
        if failures >= THRESHOLD and not paused:
            open_until = _later(open_until, now + PAUSE.delay(failures - THRESHOLD + 1, chance))
        given_up = failures >= THRESHOLD and now - since >= DISABLE_AFTER
        return Circuit(failures, since, open_until, self.disabled or ("failing_for_days" if given_up else None))


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
