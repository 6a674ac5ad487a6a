"""Settings groups, read once in a service's ``__main__`` from the environment and from secret files.

Every variable starts with ``SHENAVA_``; a secret may also be a file of the variable's lower-case name in the
directory that ``SHENAVA_SECRETS_DIR`` names (as Kubernetes and Docker mount them).
"""

import contextlib
import os
import re
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shenava.durations import duration, is_duration
from shenava.faults import faults, listed

PREFIX = "SHENAVA_"
_BROKER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s,:\[\]]+)(:\d{1,5})?")
_UNREAD_FIELD = re.compile(r'field "(\w+)"')


def _written(value: Any) -> Any:
    """A duration as people write it; what else pydantic understands (ISO 8601) is left to it."""
    if isinstance(value, str):
        if is_duration(value):
            return duration(value)
        with contextlib.suppress(ValueError):
            return timedelta(seconds=float(value))
    return value


Duration = Annotated[timedelta, BeforeValidator(_written)]
"""A length of time: ``30s``, ``1h30m``, ``250ms``, ``PT30S``, or a number of seconds."""


def _authorities(path: str) -> str:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}; a PEM file with certificates is needed") from None
    return path


Authorities = Annotated[str, AfterValidator(_authorities)]
"""A file with the certificates of authorities to trust."""


def _brokers(given: str) -> str:
    if not all(_BROKER.fullmatch(broker.strip()) for broker in given.split(",")):
        raise ValueError(f"{given!r} names no brokers")
    return given


def _dsn(given: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(given.get_secret_value())
        good = parts.scheme == "postgresql" and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise ValueError("this is no such URL; percent-encode what is special in the password")
    return given


class InvalidSettings(Exception):  # noqa: N818 - it is told to a person as it stands
    """One or more settings are missing or wrong; the message names each variable and what it needs."""


class Group(BaseSettings):
    """A group of settings of one concern."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)


class KafkaSettings(Group):
    """How to reach Kafka and how patient to be with it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "KAFKA_", extra="ignore", frozen=True)

    bootstrap: Annotated[str, AfterValidator(_brokers)] = Field(
        default="127.0.0.1:9092", description="host:port, comma separated"
    )
    security_protocol: str = Field(default="PLAINTEXT", pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$")
    sasl_mechanism: str = Field(default="SCRAM-SHA-512", pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$")
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: Authorities | None = None
    connect_timeout: Duration = Field(
        default=timedelta(seconds=5), description="for a new producer to get ready; meanwhile writes wait for it"
    )
    request_timeout: Duration = Field(default=timedelta(seconds=10), description="for one request to a broker")
    delivery_timeout: Duration = Field(
        default=timedelta(seconds=20), description="for one batch with all its tries; then its outcome is unknown"
    )
    session_timeout: Duration = Field(default=timedelta(seconds=10), description="silence after which a member is out")
    rebalance_timeout: Duration = Field(default=timedelta(seconds=60), description="longer than the longest batch")
    instance_id: str | None = Field(default=None, description="static membership, for calm restarts of named pods")
    max_records: int = Field(default=500, ge=1, le=5000, description="records taken in one poll")
    poll_timeout: Duration = timedelta(milliseconds=200)
    dead_letter_ratio: float = Field(default=0.5, gt=0, le=1, description="share of recent records, above it we stop")
    dead_letter_run: int = Field(default=100, ge=1, description="this many dead letters in a row stop the consumer")
    quarantine_after: int = Field(
        default=3, ge=1, description="deaths of the process over one and the same record, then it is a dead letter"
    )
    quarantine_limit: int = Field(
        default=3, ge=1, description="records put aside for that within one batch's length; one more stops the consumer"
    )
    metadata_max_age: Duration = Field(
        default=timedelta(seconds=30), description="after it we look again for brokers, topics and new partitions"
    )

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError(
                f"{self.security_protocol} needs SHENAVA_KAFKA_SASL_USERNAME and SHENAVA_KAFKA_SASL_PASSWORD"
            )
        return self


class PostgresSettings(Group):
    """How to reach PostgreSQL with the service's own role."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "POSTGRES_", extra="ignore", frozen=True)

    dsn: Annotated[SecretStr, AfterValidator(_dsn)] = Field(description="postgresql://role:password@host:port/database")
    pool_size: int = Field(default=5, ge=1, le=100)
    connect_timeout: Duration = timedelta(seconds=5)
    command_timeout: Duration = Field(default=timedelta(seconds=30), description="client side, for one statement")
    statement_timeout: Duration = Field(default=timedelta(seconds=20), description="server side, for one statement")
    idle_in_transaction_timeout: Duration = timedelta(seconds=30)
    migrate_lock_timeout: Duration = Field(default=timedelta(seconds=5), description="longest wait for a table lock")


class HttpSettings(Group):
    """Where the service listens for requests, probes and scrapes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "HTTP_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_body: int = Field(default=2_000_000, ge=1_000, description="bytes of one request body")
    max_in_flight: int = Field(default=2048, ge=1, description="connections, idle ones too; more are told 503")
    head_timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(), description="for a request's head to arrive; then we hang up"
    )


class ProcessSettings(Group):
    """How the process starts, logs and stops."""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: str = Field(default="json", pattern="^(json|console)$")
    drain_timeout: Duration = Field(default=timedelta(seconds=25), description="from SIGTERM to giving up politeness")


class ApiKeySettings(Group):
    """Who may call the service's routes."""

    api_keys_file: str | None = Field(default=None, description="YAML of hashed API keys with their scopes")


G = TypeVar("G", bound=Group)


def read(group: type[G], **given: Any) -> G:
    """The group from ``given``, else the environment, else secret files, else its defaults.

    Raises:
        InvalidSettings: naming every variable that is missing or wrong.
    """
    try:
        return group(_secrets_dir=_secrets_dir(), **given)
    except ValidationError as error:
        lines = [_told(group, fault.place, fault.message) for fault in faults(error)]
    except SettingsError as error:
        unread = _UNREAD_FIELD.search(str(error))
        lines = [_told(group, (unread[1],), "is not JSON") if unread else str(error)]
    raise InvalidSettings(listed("settings need mending", lines))


def _secrets_dir() -> str | None:
    given = os.environ.get(PREFIX + "SECRETS_DIR") or None
    if given is not None and not Path(given).is_dir():
        raise InvalidSettings(f"settings need mending: {PREFIX}SECRETS_DIR: {given} is no folder; mount it or unset it")
    return given


def _told(group: type[Group], place: tuple[int | str, ...], message: str) -> str:
    if not place:
        return message  # it is about several, and names them
    name, *inner = map(str, place)
    description = group.model_fields[name].description
    variable = ".".join([f"{group.model_config.get('env_prefix', '')}{name.upper()}", *inner])
    return f"{variable}: {message}" + (f" ({description})" if description else "")
