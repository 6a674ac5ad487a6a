"""The retry schedule, and what Retry-After may change in it."""

from datetime import UTC, datetime, timedelta

import pytest

from shenava.webhooks.schedule import ABSURD, SCHEDULE, SLOW_DOWN, delay, retry_after

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
MIDDLE = 0.5


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def test_the_schedule_is_the_standards_and_spans_three_days() -> None:
    assert len(SCHEDULE) == 9
    assert list(SCHEDULE) == sorted(SCHEDULE)
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize("attempt", range(1, 10))
def test_without_chance_the_delay_is_the_schedules(attempt: int) -> None:
    assert delay(attempt, MIDDLE) == SCHEDULE[attempt - 1]


@pytest.mark.parametrize(
    ("attempt", "expected"), [(1, seconds(60)), (2, timedelta(minutes=5)), (9, timedelta(hours=24))]
)
def test_a_receiver_under_pressure_gets_a_minute_at_least(attempt: int, expected: timedelta) -> None:
    assert delay(attempt, MIDDLE, pressed=True) == expected
    assert delay(1, 0.0, pressed=True) >= SLOW_DOWN


@pytest.mark.parametrize(
    ("asked", "pressed", "expected"),
    [
        (seconds(1), False, seconds(5)),
        (seconds(7), False, seconds(7)),
        (seconds(11), False, seconds(10)),
        (seconds(3600), False, seconds(10)),
        (seconds(1), True, seconds(60)),
        (seconds(90), True, seconds(90)),
        (seconds(3600), True, seconds(120)),
    ],
)
def test_retry_after_is_followed_between_once_and_twice_our_own_wait(
    asked: timedelta,
    pressed: bool,  # noqa: FBT001 - a column of the table
    expected: timedelta,
) -> None:
    assert delay(1, 0.9, asked=asked, pressed=pressed) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", seconds(120)),
        (" 120 ", seconds(120)),
        ("0120", seconds(120)),
        ("2592000", ABSURD),
        ("Mon, 23 Nov 2026 10:02:00 GMT", seconds(120)),
        ("Monday, 23-Nov-26 10:02:00 GMT", seconds(120)),
        ("Mon Nov 23 10:02:00 2026", seconds(120)),
        ("Mon, 23 Nov 2026 13:32:00 +0330", seconds(120)),
    ],
)
def test_retry_after_is_read_in_every_form_of_the_standard(value: str, expected: timedelta) -> None:
    assert retry_after(value, NOW) == expected


@pytest.mark.parametrize(
    "value",
    [
        None, "", "0", "-1", "-120", "1.5", "1e9", "۱۲۰", "١٢٠", "+120", "120s", "soon", "2592001", "9" * 10, "9" * 500,
        "Mon, 23 Nov 2026 10:00:00 GMT", "Sun, 22 Nov 2026 10:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 99 Nov 2026 10:02:00 GMT", "Mon, 23 Nov 2026 25:61:61 GMT", "\x00", "Mon, 23 Nov",
    ],
)  # fmt: skip
def test_a_retry_after_that_makes_no_sense_is_ignored(value: str | None) -> None:
    assert retry_after(value, NOW) is None
