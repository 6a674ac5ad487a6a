"""The way to PostgreSQL breaks without a word or in the middle of a commit: callers are told in time, all goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from pydantic import SecretStr

from servers import DatabaseFor
from shenava.db.database import Database
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.postgres_node import PostgresServer
from shenava.dev.postgres_said import Statements
from shenava.errors import Transient
from shenava.settings import PostgresSettings

pytestmark = pytest.mark.servers

IN_TIME_SECONDS = 20.0
"""Many times what the settings below allow; what hangs takes for ever."""


@pytest.fixture
async def link(postgres_server: PostgresServer) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(("127.0.0.1", postgres_server.port), hearing=Statements) as link:
        yield link


@pytest.fixture
async def database(link: FaultProxy, database_for: DatabaseFor) -> AsyncIterator[Database]:
    straight = await database_for("router")
    parts = urlsplit(straight.dsn.get_secret_value())
    place = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{link.port}"
    settings = PostgresSettings(
        dsn=SecretStr(urlunsplit(parts._replace(netloc=place))),
        pool_size=3,
        connect_timeout=timedelta(seconds=1),
        command_timeout=timedelta(seconds=1),
    )
    async with Database(settings, schema="router", service="tests") as database:
        async with database.transaction() as tx:
            await tx.driver.execute("CREATE TABLE said (id text PRIMARY KEY)")
        yield database


async def say(database: Database, word: str) -> None:
    async with database.transaction() as tx:
        await tx.driver.execute("INSERT INTO said VALUES ($1) ON CONFLICT DO NOTHING", word)


async def said(database: Database) -> set[str]:
    async with database.transaction() as tx:
        return {row["id"] for row in await tx.driver.fetch("SELECT id FROM said")}


async def fill_pool(database: Database) -> None:
    """Have the pool hold as many connections as it may."""
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(database.transaction())


async def test_a_transaction_whose_server_falls_silent_fails_in_time_and_the_next_one_works(
    link: FaultProxy, database: Database
) -> None:
    async def begin() -> None:
        async with database.transaction() as tx:
            await tx.driver.execute("INSERT INTO said VALUES ('before')")
            await link.black_hole()
            await tx.driver.execute("INSERT INTO said VALUES ('after')")

    async with asyncio.timeout(IN_TIME_SECONDS):
        with pytest.raises(Transient, match="TimeoutError"):
            await begin()
        await link.heal(silent=True)
        await say(database, "again")
    assert await said(database) == {"again"}


async def test_a_commit_that_is_never_answered_fails_in_time_and_the_next_one_works(
    link: FaultProxy, database: Database
) -> None:
    async def commit() -> None:
        async with database.transaction() as tx:
            await tx.driver.execute("INSERT INTO said VALUES ('lost')")
            await link.black_hole()

    async with asyncio.timeout(IN_TIME_SECONDS):
        with pytest.raises(Transient, match="TimeoutError"):
            await commit()
        await link.heal(silent=True)
        await say(database, "again")
    assert await said(database) == {"again"}


async def test_pooled_connections_that_are_half_open_are_all_thrown_away_at_the_first_that_does_not_answer(
    link: FaultProxy, database: Database
) -> None:
    await fill_pool(database)
    await link.black_hole()
    assert await database.problem() is not None
    await link.heal(silent=True)
    before = link.traffic.connections
    async with asyncio.timeout(IN_TIME_SECONDS):
        await fill_pool(database)
    assert link.traffic.connections == before + 3


async def test_who_is_cancelled_while_the_server_is_silent_ends_at_once(link: FaultProxy, database: Database) -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        async with database.transaction() as tx:
            await link.black_hole()
            begun.set()
            await tx.driver.execute("SELECT pg_sleep(3600)", timeout=3600)

    waiting = asyncio.create_task(wait())
    await begun.wait()
    waiting.cancel()
    async with asyncio.timeout(IN_TIME_SECONDS):
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await link.heal(silent=True)
    await say(database, "again")


@pytest.mark.parametrize(("before", "kept"), [(True, set[str]()), (False, {"word"})])
async def test_a_commit_cut_off_is_told_as_unknown_and_may_be_tried_again_whatever_came_of_it(
    link: FaultProxy, database: Database, *, before: bool, kept: set[str]
) -> None:
    armed = await link.cut_when("INSERT INTO said.*COMMIT", before=before)
    with pytest.raises(Transient):
        await say(database, "word")
    await link.happened(armed)
    assert await said(database) == kept
    await say(database, "word")
    assert await said(database) == {"word"}


async def test_connections_that_are_all_cut_cost_one_failure_at_most(link: FaultProxy, database: Database) -> None:
    await fill_pool(database)
    await link.cut()
    await say(database, "word")
    assert await said(database) == {"word"}


async def test_a_server_that_refuses_is_transient_and_readiness_says_so(link: FaultProxy, database: Database) -> None:
    await link.refuse()
    assert await database.problem() is not None
    with pytest.raises(Transient):
        await say(database, "word")
    await link.heal()
    assert await database.problem() is None
    await say(database, "word")
