"""``router webhooks``: what an operator does about deliveries: look, enable an endpoint, send again."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from router import endpoint_states, ledger
from router.recording import NAME
from shenava.db.database import Database, Transaction
from shenava.errors import Transient
from shenava.settings import InvalidSettings, PostgresSettings, read
from shenava.webhooks.circuit import Circuit

app = typer.Typer(no_args_is_help=True, help="Look at webhook deliveries, enable an endpoint, send again.")

SCHEMA = "router"
T = TypeVar("T")
Instant = Annotated[datetime, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="In UTC.")]


@app.command("status")
def status_command() -> None:
    """Each endpoint with a backlog or a history of failures."""
    backlogs = _in_transaction(ledger.backlogs)
    circuits = _in_transaction(endpoint_states.circuits)
    typer.echo("endpoint\tpending\toldest\tfailures in a row\tpaused until\tdisabled")
    for name in sorted({*backlogs, *circuits}):
        backlog, circuit = backlogs.get(name, ledger.Backlog()), circuits.get(name, Circuit())
        fields = (backlog.deliveries, f"{backlog.oldest_seconds:.0f} s", circuit.failures)
        typer.echo("\t".join(map(str, (name, *fields, circuit.open_until or "-", circuit.disabled or "-"))))


@app.command("show")
def show_command(issue_id: str) -> None:
    """Every delivery of an issue."""
    typer.echo("id\tendpoint\ttype\tstate\tattempts\tlast status\tlast error\tnext attempt\tmessage id")
    for one in _in_transaction(lambda tx: ledger.of_issue(tx, issue_id)):
        last = (one.last_status or "-", one.last_error or "-", one.next_attempt_at or "-")
        fields = (one.id, one.endpoint_id, one.type, one.state, one.attempts, *last, one.message_id)
        typer.echo("\t".join(map(str, fields)))


@app.command("enable")
def enable_command(endpoint_id: str) -> None:
    """Send to a disabled endpoint again, beginning with what it has missed."""
    if not _in_transaction(lambda tx: endpoint_states.enable(tx, endpoint_id)):
        sys.stderr.write(f"router: the endpoint {endpoint_id!r} is not disabled; `router webhooks status` lists them\n")
        raise typer.Exit(1)
    typer.echo(f"{endpoint_id} is enabled")


@app.command("resend")
def resend_command(delivery_ids: list[int]) -> None:
    """Send ended deliveries again, under their old message ids; `show` tells the numbers."""
    typer.echo(f"{_in_transaction(lambda tx: ledger.replay(tx, delivery_ids))} deliveries are queued again")


@app.command("replay")
def replay_command(endpoint_id: str, since: Instant, until: Instant) -> None:
    """Send an endpoint again all that was queued for it in a time, under the old message ids."""
    between = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC)
    count = _in_transaction(lambda tx: ledger.replay_range(tx, endpoint_id, *between))
    typer.echo(f"{count} deliveries are queued again")


def _in_transaction(work: Callable[[Transaction], Awaitable[T]]) -> T:
    """What ``work`` finds; an expected failure is told in one line."""
    try:
        return asyncio.run(_transact(work))
    except (InvalidSettings, Transient) as error:
        sys.stderr.write(f"router: {error}\n")
        raise typer.Exit(1) from None


async def _transact(work: Callable[[Transaction], Awaitable[T]]) -> T:
    async with Database(read(PostgresSettings), schema=SCHEMA, service=NAME) as database, database.transaction() as tx:
        return await work(tx)
