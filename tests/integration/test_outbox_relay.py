"""The outbox on PostgreSQL: what commits is sent, in order, and nothing else; one relay at a time; nothing is lost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from outbox_world import FACTS, MIGRATIONS, World, facts
from servers import Databases
from shenava import topics
from shenava.codec import decode, encode
from shenava.db.database import Database
from shenava.errors import Transient
from shenava.events import Event
from shenava.kafka.ports import Outbound
from shenava.outbox import relay, stage
from shenava.testing.builders import fact, issue_opened, received
from shenava.testing.waiting import until
from shenava.topics import FACTS_RECORDED, MENTIONS_RECEIVED

pytestmark = pytest.mark.servers


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    settings = await databases.fresh("router", MIGRATIONS)
    async with Database(settings, schema="router", service="tests") as database:
        yield World(database)
    await databases.drop(settings)


async def test_what_is_staged_is_sent_as_it_would_have_been_sent_at_once_and_then_removed(world: World) -> None:
    events: list[tuple[topics.Topic, Event]] = [
        (FACTS_RECORDED, fact()),
        (MENTIONS_RECEIVED, received(text="سلام، نیم‌فاصله ۱۲۳")),
        (topics.ISSUES_LIFECYCLE, issue_opened()),
    ]
    async with world.database.transaction() as tx:
        await stage(tx, events, source="router")
    async with world.relaying():
        await until(lambda: _is_empty(world))

    for topic, event in events:
        (record,) = world.broker.records(topic.name)
        assert Outbound(topic.name, record.key, record.value, list(record.headers)) == Outbound(
            topic.name, *encode(event, source="router")
        )
        assert decode(record.value, record.headers) == event


async def _is_empty(world: World) -> bool:
    return await world.pending() == 0


async def test_a_commit_wakes_the_relay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 3600.0)
    async with world.relaying() as sender:
        await until(lambda: sender.active)
        for number in range(5):
            await world.stage(*facts(1, start=number))
            await until(lambda: len(world.sent()) == number + 1)  # noqa: B023 - awaited within the turn


async def test_what_nobody_announced_is_found_by_the_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 0.05)
    async with world.relaying() as sender:
        await until(lambda: sender.active)
        async with world.database.transaction() as tx:
            await tx.driver.execute(
                "INSERT INTO outbox (topic, key, headers, value) VALUES ($1, 'k', '\\x90', 'v')", FACTS
            )
        await until(lambda: len(world.sent()) == 1)


async def test_more_rows_than_one_batch_are_sent_in_their_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH_ROWS", 7)
    events = facts(50)
    await world.stage(*events)
    async with world.relaying():
        await until(lambda: len(world.sent()) == 50)

    assert world.ids() == [event.event_id for event in events]


async def test_writes_that_fail_or_whose_answer_is_lost_cost_repeats_and_keep_the_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 0.02)
    monkeypatch.setattr(relay, "BATCH_ROWS", 5)
    world.broker.faults.failed_writes = 3
    world.broker.faults.unknown_writes = 2
    events = facts(20)
    await world.stage(*events)
    async with world.relaying():
        await until(lambda: _is_empty(world))

    assert world.ids() == [event.event_id for event in events]
    assert len(world.sent()) == 30


async def test_what_is_staged_when_the_relay_is_told_to_stop_is_still_sent(world: World) -> None:
    async with world.relaying() as sender:
        await until(lambda: sender.active)
        await world.stage(*facts(30))

    assert (len(world.sent()), await world.pending()) == (30, 0)


async def test_only_one_relay_is_active_and_the_other_takes_over_when_it_ends(world: World) -> None:
    async with world.relaying() as standby:
        await until(lambda: standby.active)
        async with world.relaying() as second:
            await world.stage(*facts(5))
            await until(lambda: len(world.sent()) == 5)
            assert (standby.active, second.active) == (True, False)
            await _terminate_holder(world)
            await world.stage(*facts(5, start=5))
            await until(lambda: len(world.ids()) == 10)
            await until(lambda: standby.active != second.active)

    assert world.ids() == [event.event_id for event in facts(10)]


async def _terminate_holder(world: World) -> None:
    async with world.database.transaction() as tx:
        await tx.driver.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )


async def test_a_relay_that_stands_by_asks_for_its_turn_once_a_sweep_however_much_is_staged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 3600.0)
    asked: list[str] = []
    async with world.relaying() as first:
        await until(lambda: first.active)
        _count_queries(world.database, asked, monkeypatch)
        async with world.relaying():
            await until(lambda: any("pg_try_advisory_lock" in query for query in asked))
            for number in range(5):
                await world.stage(*facts(1, start=number))
                await until(lambda: len(world.sent()) == number + 1)  # noqa: B023 - awaited within the turn
            assert len([query for query in asked if "pg_try_advisory_lock" in query]) == 1


async def test_a_relay_whose_database_is_away_tries_once_a_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    async def away() -> None:
        nonlocal tries
        tries += 1
        raise Transient("away")

    async with world.relaying() as sender:
        await until(lambda: sender.active)
        monkeypatch.setattr(world.database, "dedicated", away)
        await _terminate_holder(world)
        await until(lambda: tries == 1)
        monkeypatch.setattr(relay, "SWEEP_SECONDS", 3600.0)
        sender._wake()
        await until(lambda: tries == 2)
        for _ in range(20):
            await world.pending()

    assert tries == 2


def _count_queries(database: Database, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    dedicated = database.dedicated

    async def counted() -> Any:
        connection = await dedicated()
        connection.add_query_logger(lambda record: asked.append(record.query))
        return connection

    monkeypatch.setattr(database, "dedicated", counted)


async def test_a_relay_survives_that_all_its_connections_are_cut(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 0.05)
    async with world.relaying() as sender:
        await until(lambda: sender.active)
        for number in range(3):
            await _terminate_holder(world)
            await world.stage(*facts(4, start=4 * number))
        await until(lambda: len(world.ids()) == 12)

    assert world.ids() == [event.event_id for event in facts(12)]
