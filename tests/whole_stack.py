"""The whole system as the end-to-end and chaos tests run it: every link can be broken, and a day is a second."""

from pathlib import Path

from servers import ROOT
from shenava.dev.stack import Plan

ENDPOINTS = ROOT / "tests" / "e2e" / "endpoints.yaml"
CLOCK_SPEED = 86_400
"""A day is a second: a ladder is climbed to its top in two."""
PATIENT = {"SHENAVA_ROUTER_ENDPOINTS": str(ENDPOINTS), "SHENAVA_WEBHOOK_LEASE_MARGIN": "1s"}
"""All else is as shipped, so that what is measured is what a user gets."""


def plan(
    directory: Path,
    *,
    environment: dict[str, str] | None = None,
    session_timeout_seconds: float = 10.0,
    brokers: int = 1,
) -> Plan:
    """A system in ``directory``; ``environment`` has more settings for every process. Several brokers have no links."""
    return Plan(
        directory,
        ROOT / "config",
        clock_speed=CLOCK_SPEED,
        session_timeout_seconds=session_timeout_seconds,
        environment=PATIENT | (environment or {}),
        links=brokers == 1,
        brokers=brokers,
    )
