"""Both promises, judged by tables of instants."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from metrics_api.inputs import Round
from metrics_api.promises import resolution, resolution_24h, triage, triage_12h
from shenava.testing.builders import BASE

LATER = BASE + timedelta(days=3)


def at(hours: float | None) -> datetime | None:
    return None if hours is None else BASE + timedelta(hours=hours)


def told(**hours: float | None) -> Round:
    """A round whose instants are given in hours after the complaint."""
    names = ("routed_at", "acknowledged_at", "resolved_at", "ended_at", "paused_since")
    return Round(
        bucket=BASE,
        group=None,
        complaint_at=BASE,
        **{name: at(hours.get(name.removesuffix("_at"))) for name in names},
        paused_us=int(hours.get("paused", 0) or 0) * 3_600_000_000,
        paused_since_handoff_us=int(hours.get("paused_handed_off", 0) or 0) * 3_600_000_000,
    )


@pytest.mark.parametrize(
    ("hours", "asked", "verdict"),
    [
        ({"routed": 1, "acknowledged": 2}, 3, "kept"),
        ({"routed": 2, "acknowledged": 1}, 3, "kept"),
        ({"routed": 1, "acknowledged": 12}, 13, "kept"),
        ({"routed": 12, "acknowledged": 1}, 13, "kept"),
        ({"routed": 1, "acknowledged": 12.001}, 13, "missed"),
        ({"routed": 12.001, "acknowledged": 1}, 13, "missed"),
        ({"routed": 1}, 11, "running"),
        ({"acknowledged": 1}, 11, "running"),
        ({}, 12, "running"),
        ({"routed": 1}, 13, "missed"),
        ({"acknowledged": 1}, 13, "missed"),
        ({"routed": 1, "resolved": 3}, 72, "void"),
        ({"routed": 1, "resolved": 13}, 72, "missed"),
        ({"routed": 1, "acknowledged": 5, "resolved": 3}, 72, "kept"),
        ({"routed": 1, "ended": 3}, 72, "void"),
        ({"routed": 1, "ended": 13}, 72, "missed"),
    ],
)
def test_triage_stops_only_when_both_halves_exist(hours: dict[str, float], asked: float, verdict: str) -> None:
    assert triage(told(**hours), BASE + timedelta(hours=asked)).verdict == verdict


def test_triage_counts_only_what_is_decided() -> None:
    rounds = [
        told(routed=1, acknowledged=2),
        told(routed=1, acknowledged=6),
        told(routed=1, acknowledged=13),
        told(routed=1, resolved=2),
        told(routed=1),
    ]
    figure = triage_12h(rounds, BASE + timedelta(hours=11))
    # The late reply of the third lies in the future of the asking and still is what happened: events decide.
    assert (figure.value, figure.n) == (Decimal("0.666667"), 3)
    assert {name: figure.detail[name] for name in ("kept", "missed", "running", "void")} == {
        "kept": 2,
        "missed": 1,
        "running": 1,
        "void": 1,
    }
    assert figure.detail["median_seconds"] == 6 * 3600
    assert figure.detail["p95_seconds"] == 13 * 3600
    assert figure.detail["oldest_open_seconds"] == 11 * 3600


def test_triage_tells_which_half_is_missing() -> None:
    figure = triage_12h([told(routed=1), told(acknowledged=1), told(), told(routed=1, acknowledged=1)], LATER)
    assert (figure.detail["missing_reply"], figure.detail["missing_routing"]) == (2, 2)


def test_no_complaint_is_no_data() -> None:
    figure = triage_12h([], LATER)
    assert (figure.value, figure.n, figure.reason) == (None, 0, "no_complaints")
    assert figure.detail["median_seconds"] is None
    assert resolution_24h([], LATER).reason == "no_complaints"


def test_complaints_that_can_still_be_kept_are_no_data_yet() -> None:
    figure = triage_12h([told(routed=1)], BASE + timedelta(hours=2))
    assert (figure.value, figure.reason, figure.detail["running"]) == (None, "none_due_yet", 1)


@pytest.mark.parametrize(
    ("hours", "asked", "verdict"),
    [
        ({"resolved": 24.0}, 72, "kept"),
        ({"resolved": 24.001}, 72, "missed"),
        ({"resolved": 30.0, "paused": 6}, 72, "kept"),
        ({"resolved": 30.0, "paused": 5}, 72, "missed"),
        ({"paused_since": 10.0}, 72, "running"),
        ({"paused_since": 25.0}, 26, "missed"),
        ({}, 24, "running"),
        ({}, 25, "missed"),
        ({"ended": 3.0}, 72, "void"),
        ({"ended": 25.0}, 72, "missed"),
    ],
)
def test_resolution_runs_from_the_complaint_and_rests_in_pauses(
    hours: dict[str, float], asked: float, verdict: str
) -> None:
    each = told(**hours)
    judged = resolution(each, each.complaint_at, each.paused_us, BASE + timedelta(hours=asked))
    assert judged.verdict == verdict


def test_both_anchors_stand_side_by_side() -> None:
    rounds = [told(routed=2, resolved=25), told(routed=1, resolved=20), told()]
    figure = resolution_24h(rounds, LATER)
    assert (figure.value, figure.n) == (Decimal("0.333333"), 3)
    handed_off = figure.detail["from_handoff"]
    assert (handed_off["share"], handed_off["kept"], handed_off["not_handed_off"]) == (1, 2, 1)
    assert handed_off["median_seconds"] == 21 * 3600
    assert figure.detail["median_seconds"] == 81000


def test_a_pause_before_the_hand_off_does_not_rest_the_clock_of_the_hand_off() -> None:
    each = told(routed=10, resolved=36, paused=4, paused_handed_off=1)
    figure = resolution_24h([each], LATER)
    assert figure.detail["oldest_open_seconds"] is None
    assert figure.detail["median_seconds"] == 32 * 3600
    assert figure.detail["from_handoff"]["median_seconds"] == 25 * 3600


def test_one_kept_round_is_a_share_of_one() -> None:
    assert resolution_24h([told(routed=1, resolved=2)], LATER).value == 1


def test_what_hosts_with_different_clocks_tell_is_never_negative() -> None:
    figure = triage_12h([told(routed=-1, acknowledged=-1)], LATER)
    assert (figure.value, figure.detail["median_seconds"]) == (1, 0)
