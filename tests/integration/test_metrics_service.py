"""The service as it is wired: from the topics of a real Kafka to the number, and the command that prints it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from metrics_api.__main__ import app, wire
from servers import DatabaseFor
from shenava import topics
from shenava.codec import encode
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import KafkaSettings
from shenava.testing import builders as b
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

BRAND = "metrics-service-test"


@pytest.fixture
async def settings(kafka: KafkaSettings, database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    postgres = await database_for("metrics-api")
    monkeypatch.setenv("SHENAVA_POSTGRES_DSN", postgres.dsn.get_secret_value())
    monkeypatch.setenv("SHENAVA_KAFKA_BOOTSTRAP", kafka.bootstrap)
    monkeypatch.setenv("SHENAVA_METRICS_HEADLINE_EVERY", "PT0.05S")
    return kafka


async def written(kafka: KafkaSettings) -> None:
    """One of each kind of event this service reads, on its topic."""
    spared = b.classified(brand=BRAND, native_id="p-2")
    told = [
        (topics.MENTIONS_CLASSIFIED, b.classified(brand=BRAND)),
        (topics.MENTIONS_CLASSIFIED, spared),
        (topics.MENTIONS_PASSED, b.passed(spared)),
        (topics.MENTIONS_CORRECTED, b.corrected(brand=BRAND, mention_id=spared.mention.mention_id)),
        (topics.ISSUES_LIFECYCLE, b.issue_opened(brand=BRAND)),
        (topics.ISSUES_LIFECYCLE, b.issue_routed(brand=BRAND)),
        (topics.SLA_ESCALATIONS, b.sla_breached(brand=BRAND)),
        (topics.FACTS_RECORDED, b.fact(brand=BRAND)),
    ]
    async with producer("tests", kafka) as out:
        await out.send([Outbound(topic.name, *encode(event, source="tests")) for topic, event in told])


async def shown(*arguments: str) -> Any:
    span = ["--brand", BRAND, "--from", "2026-03-21", "--to", "2026-03-23"]
    wide = CliRunner(env={"COLUMNS": "200"})
    return await asyncio.to_thread(wide.invoke, app, ["show", *arguments, *span])


async def test_what_is_on_the_topics_becomes_a_number_and_is_told_by_the_command(settings: KafkaSettings) -> None:
    await written(settings)
    stop = asyncio.Event()

    async def counted() -> bool:
        answers = [await shown(metric) for metric in ("mentions", "issues", "escalations")]
        proved = "passed 1" in (await shown("forgotten_issues")).output
        proved = proved and "corrected: 1" in (await shown("mentions")).output
        return proved and all(answer.exit_code == 0 and "no data" not in answer.output for answer in answers)

    async with wire() as service, asyncio.TaskGroup() as group:
        for task in service.tasks.values():
            group.create_task(_until(task, stop))
        await until(counted, within_seconds=60)
        stop.set()
    printed = (await shown("mentions", "--group-by", "channel")).output
    assert "instagram" in printed
    assert "C1" in printed


async def test_the_command_says_what_is_wrong_in_one_line(settings: KafkaSettings) -> None:
    assert settings.bootstrap
    for arguments, expected in (
        (["nothing"], "no metric is called 'nothing'"),
        (["mentions", "--group-by", "queue"], "can be split and filtered by"),
    ):
        result = await shown(*arguments)
        assert result.exit_code == 1
        assert expected in result.stderr


async def _until(task: Any, stop: asyncio.Event) -> None:
    await asyncio.wait_for(task(stop), timedelta(seconds=90).total_seconds())
