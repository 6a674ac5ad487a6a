"""The ``router`` command: runs the service, migrates its schema, checks and explains rulebooks."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer
from fastapi import FastAPI
from pydantic import SecretStr

from router import webhook_commands
from router.app import create_app
from router.decide import assess
from router.desk import IssueDesk
from router.dispatcher import Dispatcher
from router.endpoints import Endpoints
from router.explain import asked, told
from router.handler import RouteMentions
from router.recording import NAME
from router.rulebook import Rulebook, load
from router.rulebook_faults import InvalidRulebook
from router.rulebook_watch import RulebookInForce
from router.settings import RouterSettings
from router.webhook_settings import WebhookSettings
from shenava import topics
from shenava.db.database import Database
from shenava.db.migrate import wait_until_migrated
from shenava.db.migrate_command import run_migrations
from shenava.errors import Invalid, Transient
from shenava.faults import listed
from shenava.http import openapi
from shenava.http.keys import ApiKeys
from shenava.kafka.member import join, producer
from shenava.outbox import Relay
from shenava.service import Service, run
from shenava.settings import ApiKeySettings, InvalidSettings, KafkaSettings, PostgresSettings, read

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = "router"
FORGET_EVERY = timedelta(minutes=10)

log = structlog.get_logger(__name__)
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
rules = typer.Typer(no_args_is_help=True, help="Look at a rulebook without a server.")
app.add_typer(rules, name="rules")
app.add_typer(webhook_commands.app, name="webhooks")

RulebookFile = Annotated[Path, typer.Argument(metavar="FILE", help="The rulebook.")]


@asynccontextmanager
async def wire() -> AsyncIterator[Service]:
    """From settings to the service."""
    kafka, postgres, own, webhooks = (
        read(KafkaSettings),
        read(PostgresSettings),
        read(RouterSettings),
        read(WebhookSettings),
    )
    keys = ApiKeys.load(read(ApiKeySettings).api_keys_file)
    endpoints = Endpoints.load(own.endpoints) if own.endpoints else Endpoints()
    rulebook = _in_force(own)
    async with Database(postgres, schema=SCHEMA, service=NAME) as database, producer(NAME, kafka) as out:
        await wait_until_migrated(database, MIGRATIONS)
        desk = IssueDesk(database, lambda: rulebook.current.owners, endpoints, keys, own.idempotency_ttl)
        service = Service(app=create_app(desk))
        handler = RouteMentions(database, rulebook, endpoints, own.merge_window)
        sources = [topics.MENTIONS_CLASSIFIED, topics.SLA_ESCALATIONS]
        join(service, sources, handler, out, group=NAME, settings=kafka)
        service.tasks["relay"] = Relay(database, out).run
        service.tasks["dispatcher"] = Dispatcher(database, endpoints, webhooks).run
        service.tasks["rulebook"] = rulebook.run
        service.tasks["idempotency"] = lambda stop: _forget_keys(desk, stop)
        service.health.add("postgresql", database.problem)
        yield service


@app.command("run")
def run_command() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    raise typer.Exit(run(NAME, wire))


@app.command("migrate")
def migrate_command() -> None:
    """Bring the schema to the newest revision."""
    raise typer.Exit(run_migrations(NAME, schema=SCHEMA, migrations=MIGRATIONS))


@rules.command("check")
def check_command(file: RulebookFile) -> None:
    """Say what is wrong with a rulebook; exits with 1 if anything is."""
    book = _loaded(file)
    counts = f"{len(book.attention)} attention rules, {len(book.rules)} rules, {len(book.subscriptions)} subscriptions"
    typer.echo(f"{file}: version {book.version}: {counts}")


@rules.command("explain")
def explain_command(
    file: RulebookFile,
    *,
    mention: Annotated[
        str,
        typer.Option(
            help='JSON, or @FILE with JSON, or - for the standard input: facts, {"text": "…", "intent": "refund"},'
            " or a whole MentionClassified event."
        ),
    ],
) -> None:
    """Say where a mention would go, and why."""
    book = _loaded(file)
    try:
        known, severity_reasons = asked(_content(mention))
    except (Invalid, OSError) as error:
        sys.stderr.write(f"router: --mention: {error}\n")
        raise typer.Exit(1) from None
    for line in told(assess(known, book), book, severity_reasons):
        typer.echo(line)


def openapi_app() -> FastAPI:
    """The application as the OpenAPI document describes it; nothing is asked of it."""
    nowhere = Database(PostgresSettings(dsn=SecretStr("postgresql://nowhere")), schema=SCHEMA, service=NAME)
    return create_app(IssueDesk(nowhere, dict, Endpoints(), ApiKeys(()), timedelta(0)))


openapi.add_command(app, openapi_app)


def _in_force(own: RouterSettings) -> RulebookInForce:
    try:
        return RulebookInForce(own.rulebook, own.rulebook_check)
    except InvalidRulebook as error:
        title = "the rulebook that SHENAVA_ROUTER_RULEBOOK names needs mending"
        raise InvalidSettings(listed(title, str(error).splitlines())) from error


def _loaded(file: Path) -> Rulebook:
    try:
        return load(file)
    except InvalidRulebook as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1) from None


def _content(given: str) -> bytes:
    if given == "-":
        return sys.stdin.buffer.read()
    return Path(given[1:]).read_bytes() if given.startswith("@") else given.encode()


async def _forget_keys(desk: IssueDesk, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await desk.forget_keys()
        except Transient as error:
            log.warning("idempotency_keys_not_forgotten", reason=str(error)[:300])
        try:
            await asyncio.wait_for(stop.wait(), FORGET_EVERY.total_seconds())
        except TimeoutError:
            continue


if __name__ == "__main__":
    app()
