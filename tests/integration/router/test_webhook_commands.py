"""The operator's commands on deliveries, against a real queue."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from router import deliveries, endpoint_states
from router.deliveries import Attempted, Room
from router.webhook_commands import app
from servers import DatabaseFor
from shenava.settings import PostgresSettings
from shenava.webhooks.circuit import Circuit
from shenava.webhooks.outcome import Answer, Delivered
from webhook_world import World, endpoint, notice, world

pytestmark = pytest.mark.servers


@pytest.fixture
async def settings(database_for: DatabaseFor) -> PostgresSettings:
    return await database_for("router")


@pytest.fixture
async def queue(settings: PostgresSettings) -> AsyncIterator[World]:
    async with world(settings, [endpoint("http://127.0.0.1:9/")]) as made:
        yield made


async def command(settings: PostgresSettings, *arguments: str) -> Result:
    environment = {"SHENAVA_POSTGRES_DSN": settings.dsn.get_secret_value()}
    # In a thread: the command has an event loop of its own.
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)


async def deliver_one(queue: World) -> int:
    async with queue.database.transaction() as tx:
        (claimed,) = await deliveries.claim(tx, [Room("care", 1, timedelta(minutes=1))])
        await deliveries.record(tx, [(Attempted(claimed, Answer(204), 0.1), Delivered())])
    return claimed.id


async def test_an_operator_sees_an_issues_deliveries_and_sends_one_again(
    queue: World, settings: PostgresSettings
) -> None:
    await queue.enqueue(notice(1), notice(2))
    sent = await deliver_one(queue)
    shown = (await command(settings, "show", "i-1")).stdout.splitlines()
    assert [line.split("\t")[:5] for line in shown[1:]] == [
        [str(sent), "care", "issue.updated", "delivered", "1"],
        [str(sent + 1), "care", "issue.updated", "pending", "0"],
    ]
    assert "1 deliveries are queued again" in (await command(settings, "resend", str(sent))).stdout
    assert await queue.states() == ["pending", "pending"]


async def test_an_operator_replays_a_time_range(queue: World, settings: PostgresSettings) -> None:
    await queue.enqueue(notice(1))
    await deliver_one(queue)
    none = await command(settings, "replay", "care", "--since", "2020-01-01", "--until", "2020-01-02T12:00:00")
    assert "0 deliveries" in none.stdout
    all_of_it = await command(settings, "replay", "care", "--since", "2020-01-01", "--until", "2999-01-01")
    assert "1 deliveries" in all_of_it.stdout
    assert await queue.states() == ["pending"]


async def test_an_operator_sees_a_disabled_endpoint_and_enables_it(queue: World, settings: PostgresSettings) -> None:
    await queue.enqueue(notice(1))
    async with queue.database.transaction() as tx:
        await endpoint_states.write(tx, {"care": Circuit(failures=3, disabled="status_410")})
    (line,) = (await command(settings, "status")).stdout.splitlines()[1:]
    name, pending, _, failures, paused, disabled = line.split("\t")
    assert (name, pending, failures, paused, disabled) == ("care", "1", "3", "-", "status_410")
    assert "care is enabled" in (await command(settings, "enable", "care")).stdout
    again = await command(settings, "enable", "care")
    assert (again.exit_code, "is not disabled" in again.stderr) == (1, True)


async def test_a_database_that_is_away_is_told_in_one_line() -> None:
    result = await asyncio.to_thread(
        CliRunner().invoke, app, ["status"], env={"SHENAVA_POSTGRES_DSN": "postgresql://router:x@127.0.0.1:9/none"}
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("router: postgresql is away")
    assert result.stderr.count("\n") == 1
