"""The whole sla-watcher as a process, between a real Kafka and a real PostgreSQL."""

import asyncio
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from servers import DatabaseFor
from service_process import running
from shenava import topics
from shenava.clock import utc_now
from shenava.codec import decode, encode
from shenava.events import IssueEvent, SlaEvent
from shenava.kafka.client import connection
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import KafkaSettings
from shenava.testing.builders import issue_acknowledged
from sla_servers import complaints, issue_id

pytestmark = pytest.mark.servers

CONFIG = Path(__file__).parents[2] / "config" / "sla.yaml"


async def test_a_complaint_that_nobody_answers_is_escalated_and_one_that_is_answered_is_not(
    kafka: KafkaSettings, database_for: DatabaseFor
) -> None:
    """Both complaints are thirteen hours old; the second was answered after one."""
    began = utc_now() - timedelta(hours=13)
    answered = issue_acknowledged(issue_id=issue_id(1), occurred_at=began + timedelta(hours=1))
    command = [sys.executable, "-m", "sla_watcher", "run"]
    postgres = await database_for("sla-watcher")
    async with running(command, kafka, postgres, SHENAVA_SLA_POLICY=str(CONFIG)) as url:
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
