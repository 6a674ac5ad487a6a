"""Migrations and roles on PostgreSQL: any number may run at once, none waits long for a table, none reads another's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from servers import PASSWORD, Databases
from shenava.db.bootstrap import bootstrap, identifier
from shenava.db.database import Database
from shenava.db.migrate import migrate, pending, wait_until_migrated
from shenava.errors import Fatal, Transient
from shenava.settings import PostgresSettings

pytestmark = pytest.mark.servers

FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_table("story", sa.Column("key", sa.Text, primary_key=True))
    op.execute("INSERT INTO story SELECT pg_sleep(0.1)::text || 'first'")
"""
SECOND = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.add_column("story", sa.Column("turn", sa.Integer))
"""
BROKEN = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("CREATE TABLE half (done int)")
    op.execute("SELECT 1 / 0")
"""


class World:
    """A database in which two services have their roles, and a folder of migrations."""

    def __init__(self, admin_dsn: str, migrations: Path) -> None:
        self.admin_dsn = admin_dsn
        self.migrations = migrations

    def settings(self, role: str, password: str = PASSWORD, lock_timeout: float = 5.0) -> PostgresSettings:
        """How ``role`` connects."""
        parts = urlsplit(self.admin_dsn)
        host = parts.netloc.rpartition("@")[2]
        dsn = urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}"))
        return PostgresSettings(dsn=SecretStr(dsn), migrate_lock_timeout=timedelta(seconds=lock_timeout))

    def write(self, name: str, revision: str) -> None:
        """Add a revision."""
        (self.migrations / name).write_text(revision)

    async def migrate(self, *, lock_timeout: float = 5.0) -> None:
        """As the router does."""
        settings = self.settings("router", lock_timeout=lock_timeout)
        await migrate(settings, schema="router", migrations=self.migrations)

    @asynccontextmanager
    async def database(self, role: str = "router") -> AsyncIterator[Database]:
        """As a service opens it."""
        async with Database(self.settings(role), schema=role, service="tests") as database:
            yield database

    async def tables(self) -> list[str]:
        """What the router has in its schema."""
        async with self.database() as database, database.transaction() as tx:
            rows = await tx.driver.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'router'")
        return sorted(row["tablename"] for row in rows)


@pytest.fixture
async def world(databases: Databases, tmp_path: Path) -> AsyncIterator[World]:
    admin_dsn = await databases.empty()
    await bootstrap(admin_dsn, {"router": PASSWORD, "sla-watcher": PASSWORD})
    world = World(admin_dsn, tmp_path)
    world.write("0001_first.py", FIRST)
    yield world
    await databases.drop(PostgresSettings(dsn=SecretStr(admin_dsn)))


async def test_a_schema_is_brought_to_the_newest_revision_and_stays_there(world: World) -> None:
    await world.migrate()
    await world.migrate()
    world.write("0002_second.py", SECOND)
    await world.migrate()

    assert await world.tables() == ["alembic_version", "story"]
    async with world.database() as database:
        assert await pending(database, world.migrations) is None


async def test_replicas_that_migrate_at_once_do_it_once(world: World) -> None:
    world.write("0002_second.py", SECOND)
    await asyncio.gather(*(world.migrate() for _ in range(5)))

    async with world.database() as database, database.transaction() as tx:
        assert await tx.driver.fetchval("SELECT count(*) FROM story") == 1


async def test_a_migration_that_fails_leaves_nothing_behind(world: World) -> None:
    await world.migrate()
    world.write("0002_broken.py", BROKEN)
    with pytest.raises(sa.exc.DBAPIError):
        await world.migrate()

    assert await world.tables() == ["alembic_version", "story"]
    (world.migrations / "0002_broken.py").unlink()
    world.write("0002_second.py", SECOND)
    await world.migrate()


async def test_a_migration_does_not_queue_behind_a_reader_that_holds_its_table(world: World) -> None:
    await world.migrate()
    world.write("0002_second.py", SECOND)
    async with world.database() as database, database.transaction() as tx:
        await tx.driver.fetch("SELECT * FROM story")
        with pytest.raises(Transient, match="55P03"):
            await world.migrate(lock_timeout=0.2)
        # Nobody is kept waiting behind it.
        async with world.database() as other, other.transaction() as reading:
            assert len(await reading.driver.fetch("SELECT * FROM story")) == 1

    await world.migrate()


async def test_a_schema_that_is_behind_says_what_it_is_at_and_what_to_run(world: World) -> None:
    async with world.database() as database:
        assert await pending(database, world.migrations) == (
            "schema router is at None, the code needs 0001: run migrate"
        )
        with pytest.raises(Fatal, match="run migrate"):
            await wait_until_migrated(database, world.migrations, patience=0.3)


async def test_a_service_waits_until_somebody_has_migrated(world: World) -> None:
    async with world.database() as database:
        waiting = asyncio.create_task(wait_until_migrated(database, world.migrations, patience=60))
        await asyncio.sleep(0)
        await world.migrate()
        await waiting

        assert await database.problem() is None


async def test_a_service_waits_for_a_database_that_is_not_there_and_then_says_so(world: World) -> None:
    nowhere = PostgresSettings(dsn=SecretStr("postgresql://router:x@127.0.0.1:1/router"))
    async with Database(nowhere, schema="router", service="tests") as database:
        assert await database.problem() == "postgresql: ConnectionRefusedError"
        with pytest.raises(Fatal, match="postgresql"):
            await wait_until_migrated(database, world.migrations, patience=0.3)
        with pytest.raises(Transient):
            await database.dedicated()
    with pytest.raises(Transient):
        await migrate(nowhere, schema="router", migrations=world.migrations)


async def test_a_service_waits_for_a_server_that_is_starting_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.migrate()
    connect = asyncpg.connect
    starting = iter([asyncpg.CannotConnectNowError("the database system is starting up")] * 2)

    async def connect_later(*arguments: Any, **settings: Any) -> Any:
        if (error := next(starting, None)) is not None:
            raise error
        return await connect(*arguments, **settings)

    monkeypatch.setattr(asyncpg, "connect", connect_later)
    with pytest.raises(Transient):
        await world.migrate()
    async with world.database() as database:
        await wait_until_migrated(database, world.migrations, patience=60)


async def test_no_service_can_read_or_change_what_another_has(world: World) -> None:
    await world.migrate()
    async with world.database("sla") as database:
        for forbidden in ("SELECT * FROM router.story", "DROP TABLE router.story", "CREATE TABLE public.mine (x int)"):
            async with database.engine.connect() as connection:
                with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"):
                    await connection.execute(sa.text(forbidden))


async def test_a_bootstrap_may_run_again_and_changes_the_password(world: World) -> None:
    await world.migrate()
    await bootstrap(world.admin_dsn, {"router": 'it\'s a "new" one; DROP ROLE router'})

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(world.settings("router").dsn.get_secret_value())
    await bootstrap(world.admin_dsn, {"router": PASSWORD})
    assert await world.tables() == ["alembic_version", "story"]


@pytest.mark.parametrize("name", ["", "Router", "a-b", "a;b", 'a"b', "1a", "a" * 64, "ا"])
def test_only_plain_identifiers_get_into_a_statement(name: str) -> None:
    with pytest.raises(ValueError, match="plain SQL identifier"):
        identifier(name)
