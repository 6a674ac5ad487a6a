"""The whole system as the end-to-end and chaos tests run it: every link can be broken, and a day is a second."""

import shutil
from pathlib import Path

from servers import ROOT
from shenava.dev.stack import Plan

ENDPOINTS = ROOT / "tests" / "e2e" / "endpoints.yaml"
CLOCK_SPEED = 86_400
"""A day is a second: a ladder is climbed to its top in two."""
PATIENT = {"SHENAVA_ROUTER_ENDPOINTS": str(ENDPOINTS), "SHENAVA_WEBHOOK_LEASE_MARGIN": "1s"}
"""All else is as shipped, so that what is measured is what a user gets."""

IMPATIENT = {
    "SHENAVA_KAFKA_CONNECT_TIMEOUT": "2s",
    "SHENAVA_KAFKA_REQUEST_TIMEOUT": "3s",
    "SHENAVA_KAFKA_DELIVERY_TIMEOUT": "4s",
    "SHENAVA_ROUTER_RULEBOOK_CHECK": "100ms",
    "SHENAVA_INGEST_ACK_TIMEOUT": "2s",
    "SHENAVA_POSTGRES_CONNECT_TIMEOUT": "2s",
    "SHENAVA_POSTGRES_COMMAND_TIMEOUT": "4s",
    "SHENAVA_POSTGRES_STATEMENT_TIMEOUT": "3s",
}
"""The laws do not depend on these; how long a test waits does."""


def plan(
    directory: Path,
    *,
    environment: dict[str, str] | None = None,
    session_timeout_seconds: float = 10.0,
    brokers: int = 1,
) -> Plan:
    """A system in ``directory``, which must exist, with configuration files of its own that may be changed.

    ``environment`` has more settings for every process. Several brokers have no links.
    """
    config = directory / "config"
    shutil.copytree(ROOT / "config", config)
    return Plan(
        directory,
        config,
        clock_speed=CLOCK_SPEED,
        session_timeout_seconds=session_timeout_seconds,
        environment=PATIENT | (environment or {}),
        links=brokers == 1,
        brokers=brokers,
    )
