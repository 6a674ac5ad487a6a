"""The application looks for OpenTelemetry only where there can be any."""

import os

import pytest
from fastapi import FastAPI

from ingestor_app import Kafka, app_of


def _looked_for(app: FastAPI) -> bool:
    return any(app._telemetry[kind] for kind in ("tracing", "metrics", "logs"))


def test_without_opentelemetry_no_request_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    assert not _looked_for(app_of(Kafka()))


def test_where_it_is_set_up_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ingestor")
    assert _looked_for(app_of(Kafka()))
