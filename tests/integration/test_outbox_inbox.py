"""The inbox on PostgreSQL: an event is new once, whoever else asks, and until its effect is committed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from servers import Databases
from shenava.db.database import Database
from shenava.inbox import first_seen

pytestmark = pytest.mark.servers
MIGRATIONS = Path(__file__).parent / "outbox_migrations"


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    settings = await databases.fresh("router", MIGRATIONS)
    async with Database(settings, schema="router", service="tests") as database:
        yield database
    await databases.drop(settings)


async def _see(database: Database, *event_ids: str) -> frozenset[str]:
    async with database.transaction() as tx:
        return await first_seen(tx, event_ids)


async def test_an_event_is_new_once(database: Database) -> None:
    assert await _see(database, "a", "b") == {"a", "b"}
    assert await _see(database, "b", "c") == {"c"}
    assert await _see(database) == frozenset()


async def test_an_event_twice_in_one_batch_is_one(database: Database) -> None:
    assert await _see(database, "a", "a") == {"a"}


async def test_an_event_whose_transaction_failed_is_still_new(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await first_seen(tx, ["a"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await _see(database, "a") == {"a"}


async def test_of_many_who_ask_at_once_each_event_is_new_to_one(database: Database) -> None:
    ids = [f"e-{number}" for number in range(20)]
    answers = await asyncio.gather(*(_see(database, *ids) for _ in range(8)))

    assert sorted(event_id for answer in answers for event_id in answer) == sorted(ids)
