"""Settings: from the environment and from secret files, read once, and told in one message where they need mending."""

from datetime import timedelta
from pathlib import Path

import pytest

from shenava.settings import (
    ApiKeySettings,
    Group,
    HttpSettings,
    InvalidSettings,
    KafkaSettings,
    PostgresSettings,
    ProcessSettings,
    read,
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHENAVA_SECRETS_DIR", raising=False)


@pytest.mark.parametrize("group", [KafkaSettings, HttpSettings, ProcessSettings, ApiKeySettings])
def test_everything_but_secrets_has_a_default_that_is_valid(group: type[Group]) -> None:
    assert read(group) == group()


def test_a_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("SHENAVA_KAFKA_MAX_RECORDS", "7")
    monkeypatch.setenv("SHENAVA_DRAIN_TIMEOUT", "PT1M")

    assert (read(KafkaSettings).bootstrap, read(KafkaSettings).max_records) == ("kafka:9092", 7)
    assert read(ProcessSettings).drain_timeout == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("PT6S", timedelta(seconds=6)),
        ("2.5", timedelta(seconds=2.5)),
    ],
)
def test_a_length_of_time_is_read_as_people_write_it(
    written: str, meant: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_SESSION_TIMEOUT", written)

    assert read(KafkaSettings).session_timeout == meant


def test_a_secret_may_be_a_file_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shenava_postgres_dsn").write_text("postgresql://router:from-file@db/shenava\n")
    monkeypatch.setenv("SHENAVA_SECRETS_DIR", str(tmp_path))
    assert "from-file" in read(PostgresSettings).dsn.get_secret_value()
    assert not read(PostgresSettings).dsn.get_secret_value().endswith("\n")

    monkeypatch.setenv("SHENAVA_POSTGRES_DSN", "postgresql://router:from-environment@db/shenava")
    assert "from-environment" in read(PostgresSettings).dsn.get_secret_value()


def test_every_wrong_and_missing_setting_is_named_with_its_variable_in_one_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_MAX_RECORDS", "many")
    monkeypatch.setenv("SHENAVA_KAFKA_SECURITY_PROTOCOL", "TELNET")
    with pytest.raises(InvalidSettings) as told:
        read(KafkaSettings)
    assert "SHENAVA_KAFKA_MAX_RECORDS: " in str(told.value)
    assert "SHENAVA_KAFKA_SECURITY_PROTOCOL: " in str(told.value)

    with pytest.raises(InvalidSettings, match="SHENAVA_POSTGRES_DSN: Field required"):
        read(PostgresSettings)


def test_no_secret_is_shown_in_a_message_or_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_SASL_PASSWORD", "hush-hush")
    monkeypatch.setenv("SHENAVA_KAFKA_MAX_RECORDS", "0")
    with pytest.raises(InvalidSettings) as told:
        read(KafkaSettings)
    assert "hush-hush" not in str(told.value)

    monkeypatch.delenv("SHENAVA_KAFKA_MAX_RECORDS")
    assert "hush-hush" not in repr(read(KafkaSettings))


def test_settings_do_not_change_once_they_are_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(HttpSettings).port = 1  # type: ignore[misc]  # that is the point


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_HTTP_PORT", "1")

    assert read(HttpSettings, port=2).port == 2


def test_one_wrong_setting_is_told_in_one_line_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHENAVA_POSTGRES_DSN", raising=False)
    with pytest.raises(InvalidSettings) as told:
        read(PostgresSettings)
    assert str(told.value) == (
        "settings need mending: SHENAVA_POSTGRES_DSN: Field required (postgresql://role:password@host:port/database)"
    )


@pytest.mark.parametrize(
    "dsn", ["", "secret", "mysql://a:secret@b/c", "postgresql://a:secret@b:port/c", "postgresql://["]
)
def test_a_dsn_that_is_none_is_refused_and_not_quoted(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_POSTGRES_DSN", dsn)
    with pytest.raises(InvalidSettings, match="SHENAVA_POSTGRES_DSN: this is no such URL") as told:
        read(PostgresSettings)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("brokers", ["kafka", "kafka:9092", "10.0.0.1:9092, [::1]:9093"])
def test_brokers_are_hosts_with_or_without_ports(brokers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_BOOTSTRAP", brokers)
    assert read(KafkaSettings).bootstrap == brokers


@pytest.mark.parametrize("brokers", ["", "kafka:port", "kafka:9092,", "kafka 9092", "kafka://a:9092"])
def test_what_names_no_brokers_is_refused(brokers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_BOOTSTRAP", brokers)
    with pytest.raises(InvalidSettings, match=r"SHENAVA_KAFKA_BOOTSTRAP: .*names no brokers"):
        read(KafkaSettings)


def test_a_login_at_kafka_needs_both_its_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("SHENAVA_KAFKA_SASL_USERNAME", "router")
    with pytest.raises(InvalidSettings, match=r"SASL_SSL needs .*SHENAVA_KAFKA_SASL_PASSWORD"):
        read(KafkaSettings)

    monkeypatch.setenv("SHENAVA_KAFKA_SASL_PASSWORD", "made-up")
    assert read(KafkaSettings).sasl_password is not None


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authorities_that_cannot_be_read_are_refused(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SHENAVA_KAFKA_SSL_CA_FILE", str(file))
    with pytest.raises(InvalidSettings, match=r"SHENAVA_KAFKA_SSL_CA_FILE: .*ca\.pem: .*PEM"):
        read(KafkaSettings)


def test_a_folder_of_secrets_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(InvalidSettings, match=r"SHENAVA_SECRETS_DIR: .*nowhere is no folder"):
        read(PostgresSettings)


class Listing(Group):
    languages: frozenset[str] = frozenset()


def test_a_list_that_is_no_json_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHENAVA_LANGUAGES", "fa,en")
    with pytest.raises(InvalidSettings, match="SHENAVA_LANGUAGES: is not JSON"):
        read(Listing)
