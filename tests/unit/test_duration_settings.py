"""Durations in settings may be written as people write them."""

from datetime import timedelta

import pytest

from shenava.settings import InvalidSettings, KafkaSettings, read


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("6s", timedelta(seconds=6)),
        ("6", timedelta(seconds=6)),
        ("6.5", timedelta(seconds=6.5)),
        ("250ms", timedelta(milliseconds=250)),
        ("1m30s", timedelta(seconds=90)),
        ("PT6S", timedelta(seconds=6)),
    ],
)
def test_a_duration_in_the_environment(written: str, length: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_SESSION_TIMEOUT", written)
    assert read(KafkaSettings).session_timeout == length


def test_what_is_no_duration_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_SESSION_TIMEOUT", "soon")
    with pytest.raises(InvalidSettings, match="SHENAVA_KAFKA_SESSION_TIMEOUT"):
        read(KafkaSettings)
