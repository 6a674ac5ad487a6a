"""What was counted before there were corrections is counted on, and can be taken back to."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from metrics_api.handler import Project
from metrics_api.projection import day, hour
from servers import Databases, migrations_of
from shenava.db.database import Database
from shenava.db.migrate import ENVIRONMENT, migrate
from shenava.events import Event
from shenava.kafka.consumer import Inbound
from shenava.settings import PostgresSettings
from shenava.testing import builders as b

pytestmark = pytest.mark.servers

ALL = migrations_of("metrics-api")
OLD_LABELS = "channel, language, outcome, intent, role, model"
EDIT = b.classified(
    change="edited", received_at=b.BASE + timedelta(hours=2), classification=b.classification(sentiment="positive")
)


@pytest.fixture
async def before(databases: Databases, tmp_path: Path) -> AsyncIterator[PostgresSettings]:
    """A database of the version without corrections, with one mention counted in it."""
    for number in ("0001", "0002"):
        (file,) = ALL.glob(f"{number}_*.py")
        shutil.copy(file, tmp_path)
    settings = await databases.fresh("metrics-api", tmp_path)
    heard = b.classified()
    labels = ("instagram", "fa", "negative", "complaint", "none", "judge@1")
    async with Database(settings, schema="metrics", service="tests") as database, database.transaction() as tx:
        await tx.driver.execute("INSERT INTO inbox (event_id) VALUES ($1)", heard.event_id)
        await tx.driver.execute(
            "INSERT INTO mentions VALUES ($1, $2, $3, $4, 'posted', $5, $4, $6, $7, $8, $9, $10, $11)",
            heard.mention.mention_id, heard.brand, heard.event_id, heard.occurred_at, b.BASE, *labels,
        )  # fmt: skip
        for table, bucket in (("mention_hours", hour(b.BASE)), ("mention_days", day(b.BASE))):
            # Only the names of the two tables are put together here.
            one = f"INSERT INTO {table} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)"  # noqa: S608
            await tx.driver.execute(one, heard.brand, bucket, *labels)
    yield settings
    await databases.drop(settings)


async def project(settings: PostgresSettings, *events: Event) -> None:
    record: Any = None
    async with Database(settings, schema="metrics", service="tests") as database:
        await Project(database)([Inbound(event, record) for event in events])


async def counted(settings: PostgresSettings, columns: str) -> list[Any]:
    async with Database(settings, schema="metrics", service="tests") as database, database.transaction() as tx:
        return [
            tuple(row)
            for table in ("mention_hours", "mention_days")
            for row in await tx.driver.fetch(f"SELECT {columns}, mentions FROM {table}")  # noqa: S608 - our own names
        ]


async def test_a_mention_counted_before_can_be_corrected_and_edited(before: PostgresSettings) -> None:
    await migrate(before, schema="metrics", migrations=ALL)
    assert await counted(before, "outcome, corrected") == [("negative", False, 1)] * 2
    await project(before, b.classified(), b.corrected())
    assert await counted(before, "outcome, corrected") == [("neutral", True, 1)] * 2
    await project(before, EDIT)
    assert await counted(before, "outcome, corrected") == [("positive", False, 1)] * 2


async def test_taken_back_the_counts_are_those_of_the_model(before: PostgresSettings) -> None:
    old = await counted(before, f"brand, bucket, {OLD_LABELS}")
    await migrate(before, schema="metrics", migrations=ALL)
    await project(before, b.corrected(language="en"))
    async with Database(before, schema="metrics", service="tests") as database, database.engine.begin() as connection:
        await connection.run_sync(_take_back)
    assert await counted(before, f"brand, bucket, {OLD_LABELS}") == old
    await migrate(before, schema="metrics", migrations=ALL)
    assert await counted(before, "outcome, corrected") == [("negative", False, 1)] * 2


def _take_back(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(ALL))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, schema="metrics")
    command.downgrade(config, "0002")
