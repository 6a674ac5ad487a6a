"""What an attempt means for its delivery: every status, every failure, every attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from shenava.webhooks.outcome import Answer, Delivered, Disable, Failure, FailureKind, GaveUp, RetryAt, classify, why
from shenava.webhooks.schedule import SCHEDULE

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
LAST = len(SCHEDULE) + 1
FAILURES: tuple[FailureKind, ...] = (
    "timeout", "dns", "connect", "tls", "forbidden_address", "protocol", "unexpected",
)  # fmt: skip


def judged(result: Answer | Failure, attempt: int = 1) -> object:
    return classify(result, attempt=attempt, now=NOW, chance=0.5)


@pytest.mark.parametrize("status", range(200, 300))
def test_every_2xx_is_success_even_at_the_last_attempt(status: int) -> None:
    assert judged(Answer(status)) == Delivered()
    assert judged(Answer(status), LAST) == Delivered()


@pytest.mark.parametrize("status", range(300, 400))
def test_a_redirect_is_a_failure_that_is_tried_again_at_the_same_place(status: int) -> None:
    location = {"location": "https://elsewhere.example/"}
    assert judged(Answer(status, location)) == RetryAt(NOW + timedelta(seconds=5), f"redirect_{status}")


@pytest.mark.parametrize("status", [*range(100, 200), *range(400, 600), 600, 999])
def test_every_other_status_is_a_failure(status: int) -> None:
    outcome = judged(Answer(status))
    if status == 410:
        assert outcome == Disable("status_410")
    else:
        pressed = status in {429, 502, 504}
        wait = timedelta(seconds=60 if pressed else 5)
        assert outcome == RetryAt(NOW + wait, f"status_{status}", throttled=pressed)


@pytest.mark.parametrize("attempt", range(1, LAST + 2))
def test_gone_disables_at_any_attempt(attempt: int) -> None:
    assert judged(Answer(410), attempt) == Disable("status_410")


@pytest.mark.parametrize("kind", FAILURES)
def test_no_answer_is_tried_again_and_a_timeout_later(kind: FailureKind) -> None:
    wait = timedelta(seconds=60 if kind == "timeout" else 5)
    assert judged(Failure(kind, "what happened")) == RetryAt(NOW + wait, kind)


@pytest.mark.parametrize("result", [Answer(500), Answer(302), Answer(429), *(Failure(kind) for kind in FAILURES)])
def test_the_tenth_failure_is_the_last(result: Answer | Failure) -> None:
    assert isinstance(judged(result, LAST - 1), RetryAt)
    assert judged(result, LAST) == GaveUp(why(result))


@pytest.mark.parametrize("status", [429, 503, 502, 500])
def test_retry_after_counts_with_every_failure_status(status: int) -> None:
    outcome = judged(Answer(status, {"retry-after": "Mon, 23 Nov 2026 10:01:30 GMT"}), attempt=2)
    # Five minutes are our own least wait at the second attempt; less is not granted.
    assert isinstance(outcome, RetryAt)
    assert outcome.when == NOW + timedelta(minutes=5)
    longer = judged(Answer(status, {"retry-after": "480"}), attempt=2)
    assert isinstance(longer, RetryAt)
    assert longer.when == NOW + timedelta(minutes=8)


def test_a_nonsense_retry_after_changes_nothing() -> None:
    assert judged(Answer(503, {"retry-after": "-7"})) == judged(Answer(503))
