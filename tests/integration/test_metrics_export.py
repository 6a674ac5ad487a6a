"""``metrics-api corrections export`` on real servers: labels from PostgreSQL, texts from Kafka."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from metrics_api.__main__ import app
from metrics_api.handler import Project
from sentiment.labelled_texts import LabelledText
from sentiment.labelled_texts import read as read_texts
from servers import DatabaseFor
from shenava import topics
from shenava.codec import encode
from shenava.db.database import Database
from shenava.events import Event, MentionClassified, MentionCorrected
from shenava.kafka.admin import create_topics
from shenava.kafka.consumer import Inbound
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import KafkaSettings, PostgresSettings
from shenava.testing import builders as b

pytestmark = pytest.mark.servers

HOUR = timedelta(hours=1)
SARCASM = "Great, my order is two weeks late. Well done!"


class World:
    """Mentions on their topic and in the tables, under a brand that nobody else has."""

    def __init__(self, kafka: KafkaSettings, postgres: PostgresSettings) -> None:
        self.brand = f"b-{uuid4().hex[:12]}"
        self._kafka = kafka
        self._postgres = postgres

    async def heard(self, native_id: str, language: str = "fa", **over: Any) -> MentionClassified:
        """The mention is written and counted."""
        event = b.classified(language, brand=self.brand, native_id=native_id, **over)
        async with producer("tests", self._kafka) as out:
            await out.send([Outbound(topics.MENTIONS_CLASSIFIED.name, *encode(event, source="tests"))])
        await self.project(event)
        return event

    async def corrected(self, of: MentionClassified, hours: int, **labels: Any) -> MentionCorrected:
        """A person said so, ``hours`` after it was posted."""
        given = {"sentiment": None, "intent": None} | labels
        event = b.corrected(
            brand=self.brand, mention_id=of.mention.mention_id, occurred_at=b.BASE + hours * HOUR, **given
        )
        await self.project(event)
        return event

    async def project(self, *events: Event) -> None:
        """As the service does with what it reads."""
        record: Any = None
        async with Database(self._postgres, schema="metrics", service="tests") as database:
            await Project(database)([Inbound(event, record) for event in events])

    async def export(self, *arguments: str) -> Result:
        """Run the command for our brand."""
        given = ["corrections", "export", "--brand", self.brand, *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, given)


@pytest.fixture
async def world(kafka: KafkaSettings, database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch) -> World:
    await create_topics(kafka)
    postgres = await database_for("metrics-api")
    monkeypatch.setenv("SHENAVA_POSTGRES_DSN", postgres.dsn.get_secret_value())
    monkeypatch.setenv("SHENAVA_KAFKA_BOOTSTRAP", kafka.bootstrap)
    return World(kafka, postgres)


async def test_corrected_labels_are_written_with_their_texts_in_the_order_of_the_corrections(
    world: World, tmp_path: Path
) -> None:
    persian, english = await world.heard("1"), await world.heard("2", "en", text=SARCASM)
    await world.heard("never-corrected", "fa-Latn")
    await world.corrected(persian, 3, sentiment="neutral", intent="question")
    await world.corrected(english, 2, sentiment="negative")
    file, once_more = tmp_path / "corrected.ndjson", tmp_path / "again.ndjson"
    told = await world.export("--out", str(file))
    await world.export("--out", str(once_more))
    assert (told.exit_code, "2 corrected texts written" in told.stderr) == (0, True)
    assert list(read_texts(file)) == [
        LabelledText(text=SARCASM, lang="en", sentiment="negative"),
        LabelledText(text=b.TEXTS["fa"], lang="fa", sentiment="neutral", intent="question"),
    ]
    assert file.read_bytes() == once_more.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_of_an_edited_text_the_one_that_was_corrected_is_written(world: World) -> None:
    first = await world.heard("1")
    await world.heard("1", change="edited", text="نرسید که نرسید 😡", received_at=b.BASE + HOUR)
    await world.corrected(first, 2, sentiment="negative", intent="refund", language="fa")
    assert "نرسید که نرسید 😡" in (await world.export()).stdout
    await world.heard("1", change="edited", text="رسید، ممنون", received_at=b.BASE + 3 * HOUR, event_id="later")
    assert (await world.export()).stdout == ""


async def test_what_was_deleted_is_not_exported(world: World) -> None:
    first = await world.heard("1")
    await world.corrected(first, 1, sentiment="neutral")
    assert b.TEXTS["fa"] in (await world.export()).stdout
    gone = b.classification(language="und", status="unscored", reason="deleted", sentiment=None, intent=None)
    await world.heard("1", change="deleted", text="", received_at=b.BASE + 2 * HOUR, classification=gone)
    await world.corrected(first, 3, sentiment="neutral")
    told = await world.export()
    assert (told.stdout, "0 corrected texts" in told.stderr) == ("", True)


async def test_brand_and_time_of_the_correction_narrow_it_down(world: World) -> None:
    await world.corrected(await world.heard("1"), 1, sentiment="neutral")
    await world.corrected(await world.heard("2", "en"), 5, sentiment="neutral")
    late = await world.export("--from", "2026-03-21T12:30:00")
    early = await world.export("--to", "2026-03-21T12:30:00")
    assert (b.TEXTS["en"] in late.stdout, b.TEXTS["fa"] in late.stdout) == (True, False)
    assert (b.TEXTS["en"] in early.stdout, b.TEXTS["fa"] in early.stdout) == (False, True)
    assert (await world.export("--brand", "another")).stdout == ""


async def test_texts_that_the_topic_has_forgotten_and_empty_ones_are_told(world: World) -> None:
    forgotten = b.classified(brand=world.brand, native_id="1")
    await world.project(forgotten)
    await world.corrected(forgotten, 1, sentiment="neutral")
    await world.corrected(await world.heard("2", text=""), 1, sentiment="positive")
    told = await world.export()
    assert (told.exit_code, told.stdout) == (0, ""), (told.stderr, told.exception)
    assert "1 left out: their texts are no longer in the topic" in told.stderr
    assert "1 left out: they have no words" in told.stderr


async def test_a_span_that_ends_before_it_begins_and_a_file_that_cannot_be_written_are_told(
    world: World, tmp_path: Path
) -> None:
    assert (await world.export("--from", "2026-03-22", "--to", "2026-03-21")).exit_code == 2
    told = await world.export("--out", str(tmp_path / "no" / "such" / "folder"))
    assert (told.exit_code, "No such file" in told.stderr) == (1, True)
