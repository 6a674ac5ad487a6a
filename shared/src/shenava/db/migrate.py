"""Runs a service's Alembic history in its own schema; any number of replicas may call it at once.

Each service keeps its revisions in ``<package>/migrations``, in files that begin with their number; the environment is
``alembic/env.py`` beside this file, the version table lies in the service's schema. Only one runner works at a time
(advisory lock), and none waits long for a table (lock timeout), so a migration can never stop the traffic by queueing
behind a slow reader.
"""

import asyncio
from pathlib import Path
from zlib import crc32

import structlog
from sqlalchemy import Connection, text

from shenava.db.database import FAILURES, Database, raise_if_transient, refuse_login, told
from shenava.errors import Fatal
from shenava.settings import PostgresSettings

ENVIRONMENT = Path(__file__).parent / "alembic"

log = structlog.get_logger(__name__)


async def migrate(settings: PostgresSettings, *, schema: str, migrations: Path) -> None:
    """Bring ``schema`` to the newest revision found in ``migrations``.

    Raises:
        Transient: the database is away or a table stayed locked; run it again.
        Fatal: it does not let us in.
    """
    async with Database(settings, schema=schema, service="migrate") as database:
        try:
            async with database.engine.begin() as connection:
                await connection.run_sync(_upgrade, schema, migrations, settings)
        except FAILURES as error:
            raise_if_transient(error)
            refuse_login(error)
            raise


async def pending(database: Database, migrations: Path) -> str | None:
    """Why the schema is not at the newest revision, or None; for the start-up probe."""
    async with database.engine.connect() as connection:
        current = await connection.run_sync(_current)
    head = newest(migrations)
    return None if current == head else f"schema {database.schema} is at {current}, the code needs {head}: run migrate"


def newest(migrations: Path) -> str:
    """The number of the newest revision in ``migrations``."""
    return max(path.stem.split("_")[0] for path in migrations.glob("[0-9]*.py"))


async def wait_until_migrated(database: Database, migrations: Path, patience: float = 120.0) -> None:
    """Return once the schema is at the newest revision; a service never migrates while it starts.

    Raises:
        Fatal: it is not there after ``patience`` seconds; the message names the command to run.
    """
    problem: str | None = None
    try:
        async with asyncio.timeout(patience):
            while (problem := await _problem(database, migrations)) is not None:
                log.info("waiting_for_schema", problem=problem)
                await asyncio.sleep(1)
    except TimeoutError:
        raise Fatal(problem or "the schema could not be looked at in time") from None


async def _problem(database: Database, migrations: Path) -> str | None:
    try:
        return await pending(database, migrations)
    except FAILURES as error:
        return f"{told(error)}; SHENAVA_POSTGRES_DSN says where it is"


def _upgrade(connection: Connection, schema: str, migrations: Path, settings: PostgresSettings) -> None:
    # The advisory lock first and without a timeout: a replica that starts second waits for the first.
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": crc32(f"migrate {schema}".encode())})
    lock_ms = int(settings.migrate_lock_timeout.total_seconds() * 1000)
    connection.execute(text(f"SET LOCAL lock_timeout = {lock_ms}"))
    # Alembic is a second of a service's start and 15 MB of its memory: only this command pays for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(migrations))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, schema=schema)
    command.upgrade(config, "head")
    log.info("schema_migrated", schema=schema, revision=_current(connection))


def _current(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    version: str | None = connection.execute(text("SELECT max(version_num) FROM alembic_version")).scalar()
    return version
