"""The whole system, started once for all the tests that need it; each test has a brand of its own."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from servers import ROOT, serving
from shenava.dev.stack import Plan, Stack

ENDPOINTS = Path(__file__).parent / "endpoints.yaml"
CLOCK_SPEED = 86_400
"""A day is a second: a ladder is climbed to its top in two."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything, with leases and sessions so short that a test can wait for their end."""
    environment = {"SHENAVA_ROUTER_ENDPOINTS": str(ENDPOINTS), "SHENAVA_WEBHOOK_LEASE_MARGIN": "1s"}

    def make(directory: Path) -> Stack:
        return Stack(
            Plan(
                directory,
                ROOT / "config",
                clock_speed=CLOCK_SPEED,
                session_timeout_seconds=3.0,
                environment=environment,
            )
        )

    with serving(make) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the services logged last."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, Stack):
        report.sections += [(f"log of {name}", running.processes.last_lines(name)) for name in running.ports]
    return report
