"""Backoff: it doubles up to its limit, is spread by chance, and no outage is too long for it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenava.retry import Backoff

EVEN = 0.5  # no jitter


def test_the_delay_doubles_up_to_its_limit() -> None:
    backoff = Backoff(first=timedelta(seconds=1), limit=timedelta(seconds=10))

    delays = [backoff.delay(attempt, EVEN).total_seconds() for attempt in range(1, 7)]
    assert delays == [1, 2, 4, 8, 10, 10]


def test_chance_spreads_a_delay_by_its_share_to_both_sides() -> None:
    backoff = Backoff(first=timedelta(seconds=10), limit=timedelta(seconds=10), jitter=0.2)

    assert backoff.delay(1, 0.0) == timedelta(seconds=8)
    assert backoff.delay(1, 1.0) == timedelta(seconds=12)


def test_without_a_first_delay_there_is_none_at_all() -> None:
    assert Backoff(first=timedelta(), limit=timedelta()).delay(7, 0.9) == timedelta()


@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_no_number_of_attempts_is_too_many(attempt: int, chance: float) -> None:
    delay = Backoff().delay(attempt, chance)

    assert timedelta() < delay <= timedelta(seconds=12)


@pytest.mark.parametrize("days", [1, 400, 10_000])
def test_limits_of_days_and_years_hold(days: int) -> None:
    assert Backoff(first=timedelta(days=1), limit=timedelta(days=days)).delay(99, EVEN) == timedelta(days=days)
