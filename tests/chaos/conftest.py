"""The whole system for the tests of faults: every service talks to each server by a link of its own that can break."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from servers import serving
from shenava.dev.stack import Stack
from whole_stack import plan

IMPATIENT = {
    "SHENAVA_KAFKA_CONNECT_TIMEOUT": "2s",
    "SHENAVA_KAFKA_REQUEST_TIMEOUT": "3s",
    "SHENAVA_KAFKA_DELIVERY_TIMEOUT": "4s",
    "SHENAVA_INGEST_ACK_TIMEOUT": "2s",
    "SHENAVA_POSTGRES_CONNECT_TIMEOUT": "2s",
    "SHENAVA_POSTGRES_COMMAND_TIMEOUT": "4s",
    "SHENAVA_POSTGRES_STATEMENT_TIMEOUT": "3s",
}
"""The laws do not depend on these; how long a test waits does."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything, with leases, sessions and timeouts so short that a test can wait for their end."""

    def make(directory: Path) -> Stack:
        return Stack(plan(directory, environment=IMPATIENT, session_timeout_seconds=3.0))

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
