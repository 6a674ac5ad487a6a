"""``metrics-api corrections``: what people said of mentions, for training and measuring models."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from metrics_api.exporting import Exported, corrected_mentions, texts_of, write
from metrics_api.handler import NAME
from shenava.clock import utc_now
from shenava.db.bootstrap import SCHEMAS
from shenava.db.database import Database
from shenava.dead_letters.quiet import quiet
from shenava.dead_letters.screen import progress
from shenava.dead_letters.selection import instant
from shenava.errors import Transient
from shenava.service import Exit
from shenava.settings import InvalidSettings, KafkaSettings, PostgresSettings, read

app = typer.Typer(no_args_is_help=True, help=__doc__)


def _instant(written: str) -> datetime:
    try:
        return instant(written, utc_now())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


_TIMES = "ISO 8601 (UTC if no zone is named), or how long ago: 2h, 7d."
Since = Annotated[
    datetime | None, typer.Option("--from", parser=_instant, metavar="TIME", help=f"Corrected from here: {_TIMES}")
]
Until = Annotated[
    datetime | None, typer.Option("--to", parser=_instant, metavar="TIME", help=f"Corrected before: {_TIMES}")
]


@app.callback()
def _group() -> None:
    """Have the commands named, also while there is one."""


@app.command("export")
def export_command(
    *,
    out: Annotated[Path | None, typer.Option(help="Into this file instead of the standard output.")] = None,
    brand: Annotated[str | None, typer.Option(help="Only of this brand. Default: all.")] = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write corrected labels with their texts as NDJSON, the form of `sentiment evaluate` and of the training.

    Sentiment and intent are those that a person said; the language is a person's or else the model's. Texts come from
    mentions.classified, as far back as it goes. The file holds what people wrote.
    """
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter("it must lie before --to", param_hint="--from")
    try:
        with quiet():
            exported = asyncio.run(_export(out, brand, since, until))
    except (InvalidSettings, Transient, OSError) as error:
        _tell(str(error))
        raise typer.Exit(Exit.BAD_SETTINGS if isinstance(error, InvalidSettings) else Exit.FAILED) from None
    _tell(f"{exported.written:,} corrected texts written")
    if exported.gone:
        _tell(f"{exported.gone:,} left out: their texts are no longer in the topic; export more often than it forgets")
    if exported.empty:
        _tell(f"{exported.empty:,} left out: they have no words, only a picture or a rating")


async def _export(out: Path | None, brand: str | None, since: datetime | None, until: datetime | None) -> Exported:
    kafka, postgres = read(KafkaSettings), read(PostgresSettings)
    async with Database(postgres, schema=SCHEMAS[NAME], service=NAME) as database:
        corrected = await corrected_mentions(database, brand=brand, since=since, until=until)
    with progress("reading texts") as on_read:
        texts = await texts_of(kafka, corrected, on_read)
    return write(corrected, texts, out)


def _tell(message: str) -> None:
    sys.stderr.write(f"{NAME}: {message}\n")
