"""Durations and offsets of policy files."""

from datetime import timedelta

import pytest

from shenava.durations import duration
from sla_watcher.offsets import offset


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("12h", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("1d12h", timedelta(hours=36)),
        ("0.5s", timedelta(milliseconds=500)),
        ("250ms", timedelta(milliseconds=250)),
        ("365d", timedelta(days=365)),
    ],
)
def test_a_duration_is_numbers_with_units(written: str, length: timedelta) -> None:
    assert duration(written) == length


@pytest.mark.parametrize(
    "written",
    ["", "12", 12, 12.5, None, True, "12 h", "-12h", "+12h", "12h30", "h", "1h1h", "0h", "366d", "9" * 400 + "d"],
)
def test_what_is_not_a_duration_is_refused_and_named(written: object) -> None:
    with pytest.raises(ValueError, match=r"duration|year|twice"):
        duration(written)


@pytest.mark.parametrize(
    ("written", "after_deadline"),
    [
        ("0", timedelta()),
        (0, timedelta()),
        ("-25%", timedelta(hours=-3)),
        ("+100%", timedelta(hours=12)),
        ("12.5%", timedelta(hours=1.5)),
        ("+2h", timedelta(hours=2)),
        ("-30m", timedelta(minutes=-30)),
    ],
)
def test_an_offset_is_zero_a_signed_duration_or_a_share_of_the_target(
    written: object, after_deadline: timedelta
) -> None:
    assert offset(written).of(timedelta(hours=12)) == after_deadline


@pytest.mark.parametrize("written", ["", "2h", 2, False, "25", "-25 %", "%", "--2h", None, ["0"]])
def test_what_is_not_an_offset_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="is not an offset"):
        offset(written)


def test_a_faster_clock_divides_fixed_offsets_and_leaves_shares() -> None:
    assert offset("+2h").divided(60).of(timedelta(hours=1)) == timedelta(minutes=2)
    assert offset("-25%").divided(60).of(timedelta(hours=1)) == timedelta(minutes=-15)
