"""The ``ingestor`` command: runs the service, loads and checks files, prints the OpenAPI document."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from fastapi import FastAPI
from rich.console import Console

from ingestor.app import create_app
from ingestor.intake import Intake
from ingestor.kinds import CORRECTION, FACT, MENTION, NAME, Kind
from ingestor.load import Answer, checker
from ingestor.routes import Submissions
from ingestor.sending import LoadStopped, Sender
from ingestor.settings import IngestSettings
from ingestor.told import bars, show, summary
from shenava.http import openapi
from shenava.http.keys import ApiKeys
from shenava.kafka.member import producer
from shenava.kafka.ports import WriteFailed
from shenava.kafka.producer import Producer
from shenava.service import Service, run
from shenava.settings import ApiKeySettings, HttpSettings, KafkaSettings, read

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


class Lane(StrEnum):
    """Whether clocks start."""

    LIVE = "live"
    BACKFILL = "backfill"


# A proxy that the environment names for the outside world is not asked for what runs on this machine.
_NO_PROXY: dict[str, httpx.AsyncBaseTransport | None] = {"all://127.0.0.1": None, "all://localhost": None}

Files = Annotated[list[str], typer.Argument(help="NDJSON, plain or .gz; - is the standard input.", metavar="FILE...")]
BrandOption = Annotated[str | None, typer.Option("--brand", help="For lines that name no brand.")]
LaneOption = Annotated[Lane | None, typer.Option("--lane", help="For lines that name none; backfill starts no clock.")]
FactsOption = Annotated[bool, typer.Option("--facts", help="The lines are business facts, not mentions.")]
CorrectionsOption = Annotated[bool, typer.Option("--corrections", help="The lines are corrections of mentions.")]


@asynccontextmanager
async def wire() -> AsyncIterator[Service]:
    """From settings to the service."""
    kafka, http, own = read(KafkaSettings), read(HttpSettings), read(IngestSettings)
    keys = ApiKeys.load(read(ApiKeySettings).api_keys_file)
    async with producer(NAME, kafka) as out:
        submissions = Submissions(Intake(out.begin, own), keys, own, max_body=http.max_body)
        service = Service(app=create_app(submissions))
        service.health.add("kafka", lambda: _problem(out))
        yield service


@app.command("run")
def run_command() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    raise typer.Exit(run(NAME, wire))


@app.command("load")
def load_command(
    files: Files,
    *,
    url: Annotated[str, typer.Option(envvar="SHENAVA_INGEST_URL")] = "http://127.0.0.1:8000",
    key_file: Annotated[
        Path | None,
        typer.Option(envvar="SHENAVA_INGEST_KEY_FILE", help="Holds the API key.", exists=True, dir_okay=False),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Lines of one request.")] = 200,
    brand: BrandOption = None,
    lane: LaneOption = None,
    facts: FactsOption = False,
    corrections: CorrectionsOption = False,
    check: Annotated[bool, typer.Option("--check", help="Send nothing; only say what would be refused.")] = False,
) -> None:
    """Send files to a running ingestor, in order. May be run again: what was taken before is recognised."""
    kind, defaults = _asked(brand, lane, facts=facts, corrections=corrections)
    if check:
        _walk(files, batch, checker(kind, defaults), accepted="acceptable")
    headers = {"Authorization": f"Bearer {key_file.read_text('utf-8').strip()}"} if key_file else {}
    client = httpx.AsyncClient(base_url=url, headers=headers, timeout=60, mounts=_NO_PROXY)
    _walk(files, batch, Sender(client, kind.path, defaults), accepted="accepted")


@app.command("check")
def check_command(
    files: Files,
    *,
    brand: BrandOption = None,
    lane: LaneOption = None,
    facts: FactsOption = False,
    corrections: CorrectionsOption = False,
) -> None:
    """Say what of the files would be refused, without an ingestor."""
    kind, defaults = _asked(brand, lane, facts=facts, corrections=corrections)
    _walk(files, 200, checker(kind, defaults), accepted="acceptable")


def openapi_app() -> FastAPI:
    """The application as the OpenAPI document describes it: it takes nothing."""
    settings = IngestSettings()

    async def refuse(_: object) -> None:
        raise WriteFailed("this application only describes itself")

    return create_app(Submissions(Intake(refuse, settings), ApiKeys(()), settings, max_body=0))


openapi.add_command(app, openapi_app)


async def _problem(out: Producer) -> str | None:
    try:
        await out.client()
    except WriteFailed as error:
        return str(error)
    return None


def _asked(brand: str | None, lane: Lane | None, *, facts: bool, corrections: bool) -> tuple[Kind[Any], dict[str, str]]:
    """The kind of the lines, and the members for those that lack them."""
    if facts and corrections:
        raise typer.BadParameter("lines are facts or corrections; give one of the two", param_hint="--corrections")
    kind: Kind[Any] = FACT if facts else CORRECTION if corrections else MENTION
    if kind is not MENTION and lane is not None:
        raise typer.BadParameter(f"{kind.name}s have no lane", param_hint="--lane")
    given = {"brand": brand, "lane": lane and lane.value}
    return kind, {name: value for name, value in given.items() if value is not None}


def _walk(files: list[str], size: int, answer: Answer, *, accepted: str) -> None:
    """Work through ``files``; exits with 1 when a line was refused or the work stopped."""
    console = Console(stderr=True)
    try:
        refused = asyncio.run(_show(files, size, answer, console, accepted))
    except (LoadStopped, OSError, EOFError) as error:
        sys.stderr.write(f"ingestor: {error}\n")
        raise typer.Exit(1) from None
    raise typer.Exit(1 if refused else 0)


async def _show(files: list[str], size: int, answer: Answer, console: Console, accepted: str) -> int:
    with bars(console) as progress:
        if isinstance(answer, Sender):
            answer.on_retry = progress.console.print
        counted = [(path, await show(path, size, answer, progress)) for path in files]
    console.print(summary(counted, accepted=accepted))
    return sum(each.refused for _, each in counted)


if __name__ == "__main__":
    app()
