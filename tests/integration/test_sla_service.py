"""The whole sla-watcher as a process, between a real Kafka and a real PostgreSQL."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from servers import DatabaseFor
from shenava import topics
from shenava.clock import utc_now
from shenava.codec import decode, encode
from shenava.events import IssueEvent, SlaEvent
from shenava.kafka.client import connection
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import KafkaSettings, PostgresSettings
from shenava.testing.builders import issue_acknowledged
from shenava.testing.waiting import until
from sla_servers import complaints, issue_id

pytestmark = pytest.mark.servers

CONFIG = Path(__file__).parents[2] / "config" / "sla.yaml"


async def test_a_complaint_that_nobody_answers_is_escalated_and_one_that_is_answered_is_not(
    kafka: KafkaSettings, database_for: DatabaseFor
) -> None:
    """Both complaints are thirteen hours old; the second was answered after one."""
    began = utc_now() - timedelta(hours=13)
    answered = issue_acknowledged(issue_id=issue_id(1), occurred_at=began + timedelta(hours=1))
    async with _running(kafka, await database_for("sla-watcher")) as url:
        await _write(kafka, [*complaints(2, began), answered])
        told = await _read(kafka, 3)
        async with httpx.AsyncClient(trust_env=False) as client:
            metrics = (await client.get(url + "/metrics")).text
    triage = {(event.issue_id, type(event).__name__) for event in told if event.clock == "triage"}
    assert triage == {(issue_id(0), "SlaWarned"), (issue_id(0), "SlaBreached"), (issue_id(1), "SlaMet")}
    breaches = re.search(
        r'^shenava_sla_fired_levels_total\{clock="triage",kind="breach"\} (\S+)$', metrics, re.MULTILINE
    )
    # At least ours: the topics are the session's, and issues of other tests may have been read too.
    assert breaches
    assert float(breaches[1]) >= 1


@asynccontextmanager
async def _running(kafka: KafkaSettings, postgres: PostgresSettings) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "SHENAVA_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "SHENAVA_POSTGRES_DSN": postgres.dsn.get_secret_value(),
        "SHENAVA_SLA_POLICY": str(CONFIG),
        "SHENAVA_HTTP_PORT": str(port),
    }
    service = await asyncio.create_subprocess_exec(sys.executable, "-m", "sla_watcher", "run", env=environment)
    try:
        await until(lambda: _ready(f"http://127.0.0.1:{port}/readyz"))
        yield f"http://127.0.0.1:{port}"
        service.send_signal(signal.SIGTERM)
        assert await service.wait() == 0
    finally:
        if service.returncode is None:
            service.kill()
            await service.wait()


async def _ready(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx.TransportError:
            return False


async def _write(kafka: KafkaSettings, events: Sequence[IssueEvent]) -> None:
    async with producer("tests", kafka) as out:
        await out.send([Outbound(topics.ISSUES_LIFECYCLE.name, *encode(event, source="router")) for event in events])


async def _read(kafka: KafkaSettings, count: int) -> list[SlaEvent]:
    """The first ``count`` events about the two issues."""
    reader = AIOKafkaConsumer(topics.SLA_ESCALATIONS.name, auto_offset_reset="earliest", **connection(kafka, "tests"))
    await reader.start()
    found: list[SlaEvent] = []
    try:
        async with asyncio.timeout(30):
            while len(found) < count:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    events = [decode(record.value, record.headers) for record in records]
                    found += [event for event in events if isinstance(event, SlaEvent) and _ours(event)]
    finally:
        await reader.stop()
    return found


def _ours(event: SlaEvent) -> bool:
    return event.issue_id in {issue_id(0), issue_id(1)}
