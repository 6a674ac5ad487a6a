"""Token buckets: how much a caller may send, and when it may go on."""

import pytest

from shenava.http.problems import Problem
from shenava.http.rates import Rates


def _refused_for(rates: Rates, caller: str, now: float) -> int | None:
    """The Retry-After of a refusal; None when the request is admitted."""
    try:
        rates.admit(caller, now)
    except Problem as problem:
        return int(problem.headers["Retry-After"])
    return None


def test_a_caller_may_send_its_burst_at_once_and_then_at_the_rate() -> None:
    rates = Rates(rate=2, burst=3)
    assert [_refused_for(rates, "a", 0.0) for _ in range(4)] == [None, None, None, 1]
    assert _refused_for(rates, "a", 0.5) is None
    assert _refused_for(rates, "a", 0.5) == 1


def test_a_pause_never_saves_more_than_the_burst() -> None:
    rates = Rates(rate=100, burst=2)
    assert _refused_for(rates, "a", 0.0) is None
    assert [_refused_for(rates, "a", 1000.0) for _ in range(3)] == [None, None, 1]


def test_one_caller_never_slows_another() -> None:
    rates = Rates(rate=1, burst=1)
    assert _refused_for(rates, "greedy", 0.0) is None
    assert _refused_for(rates, "greedy", 0.0) == 1
    assert _refused_for(rates, "modest", 0.0) is None


def test_who_sent_much_at_once_waits_exactly_until_the_debt_is_paid() -> None:
    rates = Rates(rate=10, burst=10)
    rates.admit("a", 0.0)
    rates.charge("a", 99, 0.0)
    wait = _refused_for(rates, "a", 0.0)
    assert wait == 10  # 91 tokens are missing at ten a second
    assert _refused_for(rates, "a", 9.0) == 1
    assert _refused_for(rates, "a", 9.125) is None


def test_the_refusal_says_what_is_allowed_and_when_to_go_on() -> None:
    rates = Rates(rate=4, burst=1)
    rates.admit("a", 0.0)
    with pytest.raises(Problem, match="may send 4 items a second; go on in 1 s") as refused:
        rates.admit("a", 0.0)
    assert refused.value.status == 429
