"""The dispatcher when endpoints, processes, connections and commits fail or meet each other."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from raw_server import Connection, raw_server
from router import deliveries
from servers import DatabaseFor
from shenava.crash_points import VARIABLE
from shenava.settings import PostgresSettings
from shenava.testing.receiver import Receiver, Reply, script, serving
from shenava.testing.waiting import until
from shenava.webhooks.circuit import THRESHOLD
from webhook_world import SECRET, World, endpoint, issues_in_order, notice, one_receiver, world

pytestmark = pytest.mark.servers


@pytest.fixture
async def settings(database_for: DatabaseFor) -> PostgresSettings:
    return await database_for("router")


async def test_one_dead_endpoint_holds_up_no_other(settings: PostgresSettings) -> None:
    """The dead one never answers; all its slots hang while everybody else's messages arrive."""
    receivers = [Receiver([SECRET]) for _ in range(5)]
    over = asyncio.Event()

    async def silent(connection: Connection) -> None:
        await over.wait()
        connection.reset()

    async with AsyncExitStack() as stack:
        dead = await stack.enter_async_context(raw_server(silent))
        urls = [await stack.enter_async_context(serving(receiver)) for receiver in receivers]
        endpoints = [endpoint(f"http://127.0.0.1:{dead.port}/", id="dead", timeout=timedelta(seconds=20))]
        endpoints += [endpoint(url, id=f"alive-{n}") for n, url in enumerate(urls)]
        queue = await stack.enter_async_context(world(settings, endpoints))
        await stack.enter_async_context(queue.dispatching())
        await queue.enqueue(*(notice(1, issue=f"i-{n}") for n in range(40)))
        for n in range(len(receivers)):
            await until(lambda name=f"alive-{n}": queue.ended(name))  # type: ignore[misc] # a lambda with a default
        assert await queue.states("dead") == ["pending"] * 40
        assert dead.connections == 4
        over.set()
    assert [len(receiver.taken) for receiver in receivers] == [40] * 5


async def test_an_open_circuit_costs_no_delivery_an_attempt(settings: PostgresSettings) -> None:
    async with one_receiver(settings, script(*[Reply(503)] * THRESHOLD), concurrency=1) as (queue, receiver):
        async with queue.dispatching():
            await queue.enqueue(*(notice(1, issue=f"i-{n}") for n in range(30)))

            async def opened() -> bool:
                rows = await queue.rows("SELECT open_until > now() AS paused FROM endpoint_state")
                return rows == [{"paused": True}]

            await until(opened)
            tried = await queue.rows("SELECT count(*) AS n FROM deliveries WHERE attempts = 1")
            untouched = await queue.rows("SELECT count(*) AS n FROM deliveries WHERE attempts = 0")
            assert (tried, untouched) == ([{"n": THRESHOLD}], [{"n": 30 - THRESHOLD}])
            await queue.hurry_until_ended()
        assert await queue.rows("SELECT failures, open_until FROM endpoint_state") == [
            {"failures": 0, "open_until": None}
        ]
    assert len(receiver.taken) == 30


async def test_two_dispatchers_deliver_each_message_once(settings: PostgresSettings) -> None:
    async with one_receiver(settings) as (queue, receiver):
        async with queue.dispatching(queue.dispatcher(), queue.dispatcher()):
            for number in range(1, 11):
                await queue.enqueue(*(notice(number, issue=f"i-{n}") for n in range(20)))
            await until(queue.ended)
        assert receiver.counts == {"verified": 200}
        assert issues_in_order(receiver) == {f"i-{n}": list(range(1, 11)) for n in range(20)}


async def test_a_message_queued_while_the_one_before_it_ends_is_not_forgotten(settings: PostgresSettings) -> None:
    async with one_receiver(settings) as (queue, receiver), queue.dispatching():
        async with queue.database.transaction() as tx:
            await queue.enqueue(notice(1))
            # Nothing is locked: this transaction sees the first message pending, and ends after it.
            await deliveries.enqueue(tx, [notice(2)], queue.endpoints)
            await until(lambda: receiver.taken)
            await until(queue.ended)
        await until(queue.ended)
        assert await queue.states() == ["delivered", "delivered"]
    assert issues_in_order(receiver) == {"i-1": [1, 2]}


async def test_losing_every_database_connection_loses_no_outcome(settings: PostgresSettings) -> None:
    async with one_receiver(settings) as (queue, receiver), queue.dispatching():
        for number in range(1, 31):
            await queue.enqueue(*(notice(number, issue=f"i-{n}") for n in range(5)))
            if number % 10 == 0:
                await _cut_other_connections(queue)
        await until(queue.ended)
    # An outcome whose record was interrupted is recorded later; nothing had to be sent again.
    assert receiver.counts == {"verified": 150}


async def _cut_other_connections(queue: World) -> None:
    await queue.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
    )


CRASHING = """
import asyncio, sys
from pydantic import SecretStr
from shenava.settings import PostgresSettings
from webhook_world import endpoint, world

async def main(dsn, url):
    async with world(PostgresSettings(dsn=SecretStr(dsn)), [endpoint(url)]) as queue:
        await queue.dispatcher().run(asyncio.Event())

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_crash_between_sending_and_recording_repeats_under_the_same_id(settings: PostgresSettings) -> None:
    receiver = Receiver([SECRET])
    async with serving(receiver) as url, world(settings, [endpoint(url)]) as queue:
        await queue.enqueue(notice(1), notice(2))
        environment = {
            **os.environ, VARIABLE: "webhook.sent", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CRASHING, settings.dsn.get_secret_value(), url, env=environment
        )
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
        assert await queue.states() == ["pending", "pending"]
        async with queue.dispatching():
            # Until the dead one's lease ends nobody else sends; a test does not wait for that.
            assert len(receiver.calls) == 1
            await queue.rows("UPDATE deliveries SET claimed_until = now() WHERE claimed_until IS NOT NULL")
            await until(queue.ended)
    assert [call.message["data"]["number"] for call in receiver.calls] == [1, 1, 2]
    assert receiver.counts == {"verified": 3, "repeated": 1}
    assert issues_in_order(receiver) == {"i-1": [1, 2]}
