"""The ``metrics-api`` command: runs the service, migrates its schema, shows a metric, exports, writes its documents."""

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
from rich.console import Console

from metrics_api import corrections_command, document
from metrics_api.app import create_app
from metrics_api.asking import answered
from metrics_api.catalogue import BY_NAME
from metrics_api.handler import NAME, TOPICS, Project
from metrics_api.headlines import Headliner
from metrics_api.question import Interval, ask, split
from metrics_api.settings import MetricsSettings
from metrics_api.showing import table
from shenava.db.bootstrap import SCHEMAS
from shenava.db.database import Database
from shenava.db.migrate import wait_until_migrated
from shenava.db.migrate_command import run_migrations
from shenava.errors import Invalid, Transient
from shenava.http import openapi
from shenava.http.keys import ApiKeys
from shenava.kafka.member import join, producer
from shenava.service import Service, run
from shenava.settings import ApiKeySettings, InvalidSettings, KafkaSettings, PostgresSettings, read

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = SCHEMAS[NAME]

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@asynccontextmanager
async def wire() -> AsyncIterator[Service]:
    """From settings to the service."""
    kafka, postgres, own = read(KafkaSettings), read(PostgresSettings), read(MetricsSettings)
    keys = ApiKeys.load(read(ApiKeySettings).api_keys_file)
    async with Database(postgres, schema=SCHEMA, service=NAME) as database, producer(NAME, kafka) as dead_letters:
        await wait_until_migrated(database, MIGRATIONS)
        service = Service(app=create_app(database, keys))
        join(service, TOPICS, Project(database), dead_letters, group=NAME, settings=kafka)
        service.tasks["headlines"] = Headliner(database, own).run
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


@app.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="A metric of the catalogue, e.g. reputation_score.")],
    *,
    brand: str = "default",
    since: Annotated[datetime | None, typer.Option("--from", help="First instant, UTC. Default: 30 days back.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="First instant after. Default: end of today.")] = None,
    interval: Annotated[Interval, typer.Option(help="Rows of an hour or a day.")] = "none",
    group_by: Annotated[str | None, typer.Option(help="One row for each value of this dimension.")] = None,
) -> None:
    """Print a metric as a table, read from the database."""
    if name not in BY_NAME:
        raise _told(f"no metric is called {name!r}; there are {', '.join(BY_NAME)}")

    async def show() -> None:
        database = Database(read(PostgresSettings), schema=SCHEMA, service=NAME)
        async with database, database.transaction() as tx:
            whole = ask(
                BY_NAME[name],
                brand=brand,
                now=tx.now,
                since=since and since.replace(tzinfo=UTC),
                until=until and until.replace(tzinfo=UTC),
            )
            question = split(whole, interval=interval, group_by=group_by)
            points = await answered(tx, question)
        Console().print(table(question, points))

    try:
        asyncio.run(show())
    except (Invalid, InvalidSettings, Transient) as error:
        raise _told(error) from None


@app.command("catalogue")
def catalogue_command(
    write: Annotated[Path | None, typer.Option(help="Into this file instead of the standard output.")] = None,
) -> None:
    """Print the catalogue as a page in Markdown."""
    if write is None:
        typer.echo(document.page(), nl=False)
    else:
        write.write_text(document.page(), "utf-8")


def openapi_app() -> FastAPI:
    """The application as the OpenAPI document describes it; its engine connects to nothing."""
    nowhere = PostgresSettings(dsn=SecretStr("postgresql://metrics@127.0.0.1/none"))
    return create_app(Database(nowhere, schema=SCHEMA, service=NAME), ApiKeys(()))


openapi.add_command(app, openapi_app)
app.add_typer(corrections_command.app, name="corrections")


def _told(error: object) -> typer.Exit:
    sys.stderr.write(f"{NAME}: {error}\n")
    return typer.Exit(1)


if __name__ == "__main__":
    app()
