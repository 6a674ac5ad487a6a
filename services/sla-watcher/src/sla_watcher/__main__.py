"""The ``sla-watcher`` command: runs the service, migrates its schema, checks and explains policy files."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from fastapi import FastAPI
from pydantic import SecretStr

from shenava import topics
from shenava.db.database import Database
from shenava.db.migrate import wait_until_migrated
from shenava.db.migrate_command import run_migrations
from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.http import openapi
from shenava.http.keys import ApiKeys
from shenava.kafka.consumer import Consumer
from shenava.kafka.member import join, producer
from shenava.outbox import Relay
from shenava.service import Service, run
from shenava.settings import ApiKeySettings, InvalidSettings, KafkaSettings, PostgresSettings, read
from shenava.telemetry import metrics
from sla_watcher.adoption import Adoption
from sla_watcher.app import create_app
from sla_watcher.explain import explain
from sla_watcher.gauges import keep_measuring
from sla_watcher.handler import FollowIssues
from sla_watcher.policy import SlaPolicies
from sla_watcher.present import until_present
from sla_watcher.settings import SlaSettings, load
from sla_watcher.settlement import NAME, Settlement
from sla_watcher.watcher import Watcher

SCHEMA = "sla"
MIGRATIONS = Path(__file__).parent / "migrations"

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
policy_app = typer.Typer(no_args_is_help=True, help="Check and explain policy files.")
app.add_typer(policy_app, name="policy")

PolicyFile = Annotated[Path, typer.Argument(help="The policy file, e.g. config/sla.yaml.")]


@asynccontextmanager
async def wire() -> AsyncIterator[Service]:
    """From settings to the service."""
    kafka, postgres, own = read(KafkaSettings), read(PostgresSettings), read(SlaSettings)
    keys = ApiKeys.load(read(ApiKeySettings).api_keys_file)
    policies = load(own.policy, speed=own.clock_speed)
    metrics.SLA_POLICY.info({"version": policies.version})
    async with Database(postgres, schema=SCHEMA, service=NAME) as database, producer(NAME, kafka) as out:
        await wait_until_migrated(database, MIGRATIONS)
        settle, watcher = Settlement(policies), Watcher(database)
        adoption = Adoption(database, settle, watcher.wake)
        await adoption.activate()
        service = Service(app=create_app(database, keys, policies.version))
        follow = FollowIssues(database, settle, watcher.wake)
        consumer = join(service, [topics.ISSUES_LIFECYCLE], follow, out, group=NAME, settings=kafka)
        _add_tasks(service, database, Relay(database, out), adoption)
        _add_watcher(service, watcher, consumer, kafka, own)
        service.health.add("postgresql", database.problem)
        yield service


def _add_tasks(service: Service, database: Database, relay: Relay, adoption: Adoption) -> None:
    async def gauges(stop: asyncio.Event) -> None:
        await keep_measuring(database, stop)

    service.tasks |= {"relay": relay.run, "adoption": adoption.run, "gauges": gauges}


def _add_watcher(
    service: Service, watcher: Watcher, consumer: Consumer, kafka: KafkaSettings, own: SlaSettings
) -> None:
    async def watch(stop: asyncio.Event) -> None:
        await until_present(consumer, enough=kafka.max_records, patience=own.catch_up, stop=stop)
        await watcher.run(stop)

    service.tasks["watcher"] = watch


@app.command("run")
def run_command() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    raise typer.Exit(run(NAME, wire))


@app.command("migrate")
def migrate_command() -> None:
    """Bring the schema to the newest revision."""
    raise typer.Exit(run_migrations(NAME, schema=SCHEMA, migrations=MIGRATIONS))


@policy_app.command("check")
def check_command(file: PolicyFile) -> None:
    """Say whether a policy file is good; if not, every fault with how to mend it."""
    policies = _loaded(file)
    typer.echo(f"{file} is good: {len(policies.policies)} policies, version {policies.version}")


@policy_app.command("explain")
def explain_command(
    file: PolicyFile,
    queue: Annotated[Queue, typer.Option()] = "customer-care",
    severity: Annotated[Severity, typer.Option()] = "normal",
    complaint_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"], help="UTC without a zone.")
    ] = None,
    routed_at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"], help="When not with the complaint."),
    ] = None,
) -> None:
    """Print both ladders of the policy that such an issue falls under, with the time of each level."""
    complaint = _aware(complaint_at or datetime.now(UTC))
    routed = _aware(routed_at) if routed_at else complaint
    for line in explain(_loaded(file), queue, severity, complaint, routed):
        typer.echo(line)


def openapi_app() -> FastAPI:
    """The application as the OpenAPI document describes it: it reaches no database."""
    nowhere = PostgresSettings(dsn=SecretStr("postgresql://nobody@localhost/nowhere"))
    return create_app(Database(nowhere, schema=SCHEMA, service=NAME), ApiKeys(()), "none")


openapi.add_command(app, openapi_app)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _loaded(file: Path) -> SlaPolicies:
    try:
        return load(file)
    except InvalidSettings as error:
        raise _refusal(error) from None


def _refusal(error: Exception) -> typer.Exit:
    sys.stderr.write(f"{NAME}: {error}\n")
    return typer.Exit(1)


if __name__ == "__main__":
    app()
