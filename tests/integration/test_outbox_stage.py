"""Staging: an event becomes true together with its cause or not at all, and in the order of the commits."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest

from outbox_world import MIGRATIONS, World
from servers import Databases
from shenava.codec import decode
from shenava.db.database import Database
from shenava.errors import Invalid
from shenava.outbox import stage
from shenava.testing.builders import fact, received
from shenava.testing.waiting import until
from shenava.topics import FACTS_RECORDED, MENTIONS_RECEIVED

pytestmark = pytest.mark.servers


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    settings = await databases.fresh("router", MIGRATIONS)
    async with Database(settings, schema="router", service="tests") as database:
        yield World(database)
    await databases.drop(settings)


async def test_what_is_rolled_back_is_never_sent(world: World) -> None:
    async def fail() -> None:
        async with world.database.transaction() as tx:
            await stage(tx, [(FACTS_RECORDED, fact(fact_id="never"))], source="router")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await world.stage(fact(fact_id="sent"))
    async with world.relaying():
        await until(lambda: len(world.sent()) == 1)

    assert world.ids() == [fact(fact_id="sent").event_id]


async def test_staging_nothing_is_nothing(world: World) -> None:
    await world.stage()

    assert await world.pending() == 0


async def test_an_event_that_is_too_large_fails_before_its_cause_is_committed(world: World) -> None:
    huge = received(text="x" * 1_000_001)

    async def act() -> None:
        async with world.database.transaction() as tx:
            await tx.driver.execute("INSERT INTO story VALUES ('cause', 1)")
            await stage(tx, [(MENTIONS_RECEIVED, huge)], source="router")

    with pytest.raises(Invalid, match="event_too_large"):
        await act()
    async with world.database.transaction() as tx:
        assert await tx.driver.fetchval("SELECT count(*) FROM story") == 0


async def test_transactions_that_lock_their_key_are_sent_in_the_order_of_their_commits(world: World) -> None:
    async with world.database.transaction() as tx:
        await tx.driver.execute("INSERT INTO story SELECT 'k-' || n, 0 FROM generate_series(0, 3) n")

    async def act(key: int) -> None:
        async with world.database.transaction() as tx:
            turn = await tx.driver.fetchval(
                "UPDATE story SET turn = turn + 1 WHERE key = $1 RETURNING turn", f"k-{key}"
            )
            event = fact(fact_id=f"{key}-{turn}", brand=f"brand-{key}", values={"turn": float(turn)})
            await stage(tx, [(FACTS_RECORDED, event)], source="router")

    async with world.relaying():
        await asyncio.gather(*(act(number % 4) for number in range(80)))
        await until(lambda: len(world.sent()) == 80)

    turns = defaultdict(list)
    for record in world.sent():
        event: Any = decode(record.value, record.headers)
        turns[event.brand].append(event.values["turn"])
    assert turns == {f"brand-{key}": [float(turn) for turn in range(1, 21)] for key in range(4)}


async def test_a_value_that_no_column_takes_is_told_as_invalid_and_not_as_a_fault_of_ours(world: World) -> None:
    async def store(key: str, turn: int) -> None:
        async with world.database.transaction() as tx:
            await tx.driver.execute("INSERT INTO story VALUES ($1, $2)", key, turn)

    for key, turn in (("nul \0", 1), ("too large", 2**63), ("far too large", 2**70)):
        with pytest.raises(Invalid, match="unstorable_value") as told:
            await store(key, turn)
        assert key not in str(told.value)
