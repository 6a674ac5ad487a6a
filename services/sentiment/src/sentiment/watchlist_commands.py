"""``sentiment watchlist``: look at a watchlist without a server or a model."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from sentiment.terminal import faults_end
from sentiment.watchlist import Watchlist
from sentiment.watchlist_file import InvalidWatchlist

app = typer.Typer(no_args_is_help=True, help="Look at a watchlist without a server.")

_File = Annotated[Path, typer.Argument(metavar="FILE", help="The watchlist, e.g. config/watchlist.yaml.")]


@app.command("check")
def check_command(file: _File) -> None:
    """Say what is wrong with a watchlist; exits with 1 if anything is."""
    entities = _loaded(file).entities
    kinds = Counter(entity.kind for entity in entities)
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    typer.echo(f"{file}: {len(entities)} entities: {counts}")


@app.command("find")
def find_command(
    file: _File,
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the lines of standard input.")] = None,
    *,
    brand: Annotated[str, typer.Option(help="The brand whose entities are looked for.")] = "default",
) -> None:
    """Say what of a watchlist some texts name: entity, kind and the words, one a line; a line without finds says -."""
    watchlist = _loaded(file)
    for text in texts or [line.rstrip("\n") for line in sys.stdin]:
        found = watchlist.find(text, brand)
        for each in found:
            typer.echo(f"{each.entity.id}\t{each.entity.kind}\t{text[each.start : each.end]}\t{text}")
        if not found:
            typer.echo(f"-\t-\t-\t{text}")


def _loaded(file: Path) -> Watchlist:
    with faults_end(InvalidWatchlist):
        return Watchlist.load(file)
