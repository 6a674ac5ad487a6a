"""The circuit of an endpoint: opens after failures, lets one through, closes after a success."""

from datetime import UTC, datetime, timedelta

import pytest

from shenava.webhooks.circuit import DISABLE_AFTER, PAUSE, THRESHOLD, Circuit
from shenava.webhooks.outcome import Delivered, Disable, GaveUp, Outcome, RetryAt

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
FAILED: tuple[Outcome, ...] = (RetryAt(LATER, "status_500"), GaveUp("timeout"))


def failed(times: int, outcome: Outcome = FAILED[0]) -> Circuit:
    """One failure after another, each at once when it may be."""
    return _failed(times, outcome)[0]


def _failed(times: int, outcome: Outcome = FAILED[0]) -> tuple[Circuit, datetime]:
    circuit, last = Circuit(), NOW
    for _ in range(times):
        last = max(last, circuit.open_until or last)
        circuit = circuit.after(outcome, last, 0.5)
    return circuit, last


def test_a_healthy_endpoint_takes_all_its_slots() -> None:
    assert Circuit().room(NOW, 4, idle=False) == 4


@pytest.mark.parametrize("outcome", FAILED)
def test_a_few_failures_leave_the_circuit_closed(outcome: Outcome) -> None:
    assert failed(THRESHOLD - 1, outcome).room(NOW, 4, idle=True) == 4


@pytest.mark.parametrize("outcome", FAILED)
def test_failures_in_a_row_open_it(outcome: Outcome) -> None:
    circuit = failed(THRESHOLD, outcome)
    assert circuit.open_until == NOW + PAUSE.first
    assert circuit.room(NOW, 4, idle=True) == 0


def test_after_the_pause_one_delivery_at_a_time_is_let_through() -> None:
    circuit = failed(THRESHOLD)
    after = NOW + PAUSE.first
    assert circuit.room(after, 4, idle=True) == 1
    assert circuit.room(after, 3, idle=False) == 0


def test_each_further_failure_opens_it_longer_up_to_the_limit() -> None:
    tried = [_failed(n) for n in range(THRESHOLD, THRESHOLD + 8)]
    waits = [(circuit.open_until or last) - last for circuit, last in tried]
    assert waits == sorted(waits)
    assert waits[1] == 2 * PAUSE.first
    assert waits[-1] == PAUSE.limit


def test_what_was_under_way_when_the_pause_began_does_not_lengthen_it() -> None:
    circuit = failed(THRESHOLD)
    for _ in range(27):
        circuit = circuit.after(FAILED[0], NOW + timedelta(seconds=1), 0.5)
    assert circuit == failed(THRESHOLD)


@pytest.mark.parametrize("failures", [1, THRESHOLD, 50])
def test_one_success_closes_it(failures: int) -> None:
    assert failed(failures).after(Delivered(), NOW, 0.5) == Circuit()


def test_a_throttling_answer_pauses_the_endpoint_at_once_but_not_for_hours() -> None:
    soon = RetryAt(NOW + timedelta(seconds=90), "status_429", throttled=True)
    assert failed(1, soon).open_until == NOW + timedelta(seconds=90)
    far = RetryAt(NOW + timedelta(hours=20), "status_429", throttled=True)
    assert failed(1, far).open_until == NOW + PAUSE.limit


def test_after_a_throttling_pause_the_endpoint_has_all_its_slots_again() -> None:
    soon = RetryAt(NOW + timedelta(seconds=90), "status_429", throttled=True)
    assert failed(1, soon).room(NOW + timedelta(seconds=90), 4, idle=False) == 4


def test_a_gone_endpoint_gets_nothing_until_it_is_enabled() -> None:
    circuit = Circuit().after(Disable("status_410"), NOW, 0.5)
    assert circuit.disabled == "status_410"
    assert circuit.room(NOW + timedelta(days=365), 4, idle=True) == 0
    # What was under way when it was disabled may still arrive; that does not enable it.
    assert circuit.after(Delivered(), NOW, 0.5).disabled == "status_410"


def test_five_days_of_nothing_but_failure_disable() -> None:
    circuit = failed(THRESHOLD)
    almost = NOW + DISABLE_AFTER - timedelta(seconds=1)
    assert circuit.after(FAILED[0], almost, 0.5).disabled is None
    assert circuit.after(FAILED[0], NOW + DISABLE_AFTER, 0.5).disabled == "failing_for_days"


def test_two_failures_five_days_apart_do_not_disable() -> None:
    assert failed(1).after(FAILED[0], NOW + 2 * DISABLE_AFTER, 0.5).disabled is None


def test_a_success_in_between_starts_the_five_days_anew() -> None:
    circuit = failed(50).after(Delivered(), NOW + timedelta(days=4), 0.5)
    for _ in range(THRESHOLD):
        circuit = circuit.after(FAILED[0], NOW + timedelta(days=6), 0.5)
    assert circuit.disabled is None
