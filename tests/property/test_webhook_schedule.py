"""Laws of the retry schedule, for any attempt, chance and Retry-After."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shenava.retry import Backoff
from shenava.webhooks.outcome import Answer, Disable, Failure, GaveUp, Outcome, RetryAt, classify
from shenava.webhooks.schedule import ABSURD, SCHEDULE, SLOW_DOWN, delay, retry_after

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
ROUNDING = timedelta(microseconds=1)

attempts = st.integers(1, len(SCHEDULE))
chances = st.floats(0, 1, exclude_max=True)
waits = st.timedeltas(min_value=timedelta(seconds=1), max_value=ABSURD)
failures = st.one_of(
    st.builds(Answer, st.integers(300, 599), st.fixed_dictionaries({}, optional={"retry-after": st.text()})),
    st.builds(Failure, st.sampled_from(["timeout", "dns", "connect", "tls", "protocol"])),
)


@given(st.integers(1, 10**9), chances)
def test_a_backoff_stays_within_its_limit_however_long_the_outage(attempt: int, chance: float) -> None:
    backoff = Backoff(first=timedelta(seconds=30), limit=timedelta(minutes=5))
    assert backoff.first * 0.8 - ROUNDING <= backoff.delay(attempt, chance) <= backoff.limit * 1.2 + ROUNDING


@given(attempts, chances)
def test_a_delay_is_within_20_percent_of_its_schedule(attempt: int, chance: float) -> None:
    base = SCHEDULE[attempt - 1]
    assert base * 0.8 - ROUNDING <= delay(attempt, chance) <= base * 1.2 + ROUNDING


@given(attempts, chances)
def test_under_pressure_no_delay_is_shorter_than_a_minute(attempt: int, chance: float) -> None:
    assert delay(attempt, chance, pressed=True) >= max(SLOW_DOWN, delay(attempt, chance))


@given(attempts, chances, st.booleans(), waits)
def test_no_receiver_can_hurry_us_or_more_than_double_our_wait(
    attempt: int,
    chance: float,
    pressed: bool,  # noqa: FBT001 - drawn by Hypothesis
    asked: timedelta,
) -> None:
    least = max(SCHEDULE[attempt - 1], SLOW_DOWN) if pressed else SCHEDULE[attempt - 1]
    assert least <= delay(attempt, chance, pressed=pressed, asked=asked) <= 2 * least


@given(chances, chances)
def test_a_later_attempt_never_waits_less_than_an_earlier_one(one: float, other: float) -> None:
    delays = [delay(attempt, one if attempt % 2 else other) for attempt in range(1, len(SCHEDULE))]
    # The last two steps, 20 and 24 hours, are closer together than the jitter is wide.
    assert delays[:6] == sorted(delays[:6])


@given(st.text())
def test_no_header_breaks_the_reading_of_retry_after(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or timedelta() < wait <= ABSURD


@given(failures, st.integers(1, 20), chances)
def test_every_failure_is_tried_again_later_or_ended(result: Answer | Failure, attempt: int, chance: float) -> None:
    outcome: Outcome = classify(result, attempt=attempt, now=NOW, chance=chance)
    assert isinstance(outcome, RetryAt | GaveUp | Disable)
    if isinstance(outcome, RetryAt):
        assert NOW + timedelta(seconds=4) <= outcome.when <= NOW + timedelta(hours=48)
        assert attempt <= len(SCHEDULE)


@given(st.lists(failures, min_size=10, max_size=10), chances)
def test_a_delivery_ends_after_ten_attempts_and_a_week_at_the_latest(
    results: list[Answer | Failure], chance: float
) -> None:
    now = NOW
    for attempt, result in enumerate(results, start=1):
        outcome = classify(result, attempt=attempt, now=now, chance=chance)
        if isinstance(outcome, RetryAt):
            now = outcome.when
        elif isinstance(outcome, GaveUp):
            assert attempt == 10
    assert now - NOW <= timedelta(days=7)
