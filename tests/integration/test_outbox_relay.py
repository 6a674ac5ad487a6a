"""The outbox on PostgreSQL: what commits is sent, in order, and nothing else; one relay at a time; nothing is lost."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from servers import Databases
from shenava import topics
from shenava.codec import decode, encode
from shenava.db.database import Database
from shenava.errors import Invalid, Transient
from shenava.events import Event, FactRecorded
from shenava.kafka.ports import Outbound
from shenava.kafka.producer import Producer
from shenava.outbox import Relay, relay, stage
from shenava.testing.builders import fact, issue_opened, received
from shenava.testing.memory_kafka import MemoryBroker, MemoryDelivery, MemoryRecord
from shenava.testing.waiting import until
from shenava.topics import FACTS_RECORDED, MENTIONS_RECEIVED

pytestmark = pytest.mark.servers
MIGRATIONS = Path(__file__).parent / "outbox_migrations"
FACTS = FACTS_RECORDED.name


class World:
    """A database with an outbox, and the broker its relays send to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.broker = MemoryBroker({topic.name: 2 for topic in topics.ALL})

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[Relay]:
        """A relay at work, stopped in order."""
        stop = asyncio.Event()
        async with Producer(lambda: MemoryDelivery(self.broker)) as producer:
            sender = Relay(self.database, producer)
            running = asyncio.create_task(sender.run(stop))
            try:
                yield sender
            finally:
                stop.set()
                await running

    async def stage(self, *events: FactRecorded) -> None:
        """In one transaction."""
        async with self.database.transaction() as tx:
            await stage(tx, [(FACTS_RECORDED, event) for event in events], source="router")

    async def pending(self) -> int:
        """Rows still in the outbox."""
        async with self.database.transaction() as tx:
            return int(await tx.driver.fetchval("SELECT count(*) FROM outbox"))

    def sent(self) -> list[MemoryRecord]:
        """What arrived."""
        return self.broker.records(FACTS)

    def ids(self) -> list[str]:
        """The events that arrived, repeats dropped."""
        return list(dict.fromkeys(dict(record.headers)["ce_id"].decode() for record in self.sent()))


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    settings = await databases.fresh("router", MIGRATIONS)
    async with Database(settings, schema="router", service="tests") as database:
        yield World(database)
    await databases.drop(settings)


def _facts(count: int, start: int = 0, kind: str = "order") -> list[FactRecorded]:
    return [fact(fact_id=f"o-{number}", kind=kind) for number in range(start, start + count)]


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


async def test_a_commit_wakes_the_relay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 3600.0)
    async with world.relaying() as sender:
        await until(lambda: sender.active)
        for number in range(5):
            await world.stage(*_facts(1, start=number))
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
    events = _facts(50)
    await world.stage(*events)
    async with world.relaying():
        await until(lambda: len(world.sent()) == 50)

    assert world.ids() == [event.event_id for event in events]


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


async def test_writes_that_fail_or_whose_answer_is_lost_cost_repeats_and_keep_the_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SWEEP_SECONDS", 0.02)
    monkeypatch.setattr(relay, "BATCH_ROWS", 5)
    world.broker.faults.failed_writes = 3
    world.broker.faults.unknown_writes = 2
    events = _facts(20)
    await world.stage(*events)
    async with world.relaying():
        await until(lambda: _is_empty(world))

    assert world.ids() == [event.event_id for event in events]
    assert len(world.sent()) == 30


async def test_what_is_staged_when_the_relay_is_told_to_stop_is_still_sent(world: World) -> None:
    async with world.relaying() as sender:
        await until(lambda: sender.active)
        await world.stage(*_facts(30))

    assert (len(world.sent()), await world.pending()) == (30, 0)


async def test_only_one_relay_is_active_and_the_other_takes_over_when_it_ends(world: World) -> None:
    async with world.relaying() as standby:
        await until(lambda: standby.active)
        async with world.relaying() as second:
            await world.stage(*_facts(5))
            await until(lambda: len(world.sent()) == 5)
            assert (standby.active, second.active) == (True, False)
            await _terminate_holder(world)
            await world.stage(*_facts(5, start=5))
            await until(lambda: len(world.ids()) == 10)
            await until(lambda: standby.active != second.active)

    assert world.ids() == [event.event_id for event in _facts(10)]


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
                await world.stage(*_facts(1, start=number))
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
            await world.stage(*_facts(4, start=4 * number))
        await until(lambda: len(world.ids()) == 12)

    assert world.ids() == [event.event_id for event in _facts(12)]


async def test_a_value_that_no_column_takes_is_told_as_invalid_and_not_as_a_fault_of_ours(world: World) -> None:
    async def store(key: str, turn: int) -> None:
        async with world.database.transaction() as tx:
            await tx.driver.execute("INSERT INTO story VALUES ($1, $2)", key, turn)

    for key, turn in (("nul \0", 1), ("too large", 2**63), ("far too large", 2**70)):
        with pytest.raises(Invalid, match="unstorable_value") as told:
            await store(key, turn)
        assert key not in str(told.value)
