"""How a load shows itself to a person: progress while it runs, the refused lines, a summary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ingestor.lines import STDIN
from ingestor.load import Answer, RefusedLine, steps

_SHOWN_REFUSED = 1_000


@dataclass(slots=True)
class Counted:
    """How many lines went which way."""

    accepted: int = 0
    refused: int = 0


async def show(path: str, size: int, answer: Answer, progress: Progress) -> Counted:
    """Work through the file at ``path``; print each refused line as soon as it is known.

    Raises:
        OSError, EOFError: the file cannot be read.
    """
    counted = Counted()
    task = progress.add_task(Path(path).name, total=_size(path), accepted=0, refused=0)
    async for step in steps(path, size, answer):
        for refused in step.refused:
            _tell(refused, counted.refused, progress.console)
            counted.refused += 1
        counted.accepted += step.accepted
        progress.update(task, completed=step.lines[-1].position, accepted=counted.accepted, refused=counted.refused)
    return counted


def bars(console: Console) -> Progress:
    """One progress bar a file, by its bytes."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[accepted]:,} accepted, {task.fields[refused]:,} refused"),
        TimeElapsedColumn(),
        console=console,
    )


def summary(counted: Sequence[tuple[str, Counted]], *, accepted: str) -> Table:
    """A row for each file and one for all; ``accepted`` says what accepted means here."""
    table = Table("file", title=None)
    table.add_column(accepted, justify="right")
    table.add_column("refused", justify="right")
    for path, each in counted:
        table.add_row(Text(path), f"{each.accepted:,}", f"{each.refused:,}")
    if len(counted) > 1:
        all_accepted = sum(each.accepted for _, each in counted)
        all_refused = sum(each.refused for _, each in counted)
        table.add_section()
        table.add_row("all", f"{all_accepted:,}", f"{all_refused:,}")
    return table


def _tell(refused: RefusedLine, told_before: int, console: Console) -> None:
    if told_before < _SHOWN_REFUSED:
        place = f"{refused.line.source}:{refused.line.number} {refused.pointer}".rstrip()
        console.print(Text.assemble(("refused ", "red"), f"{place}: {refused.detail}"), soft_wrap=True)
    elif told_before == _SHOWN_REFUSED:
        console.print("more lines are refused; from here on they are only counted")


def _size(path: str) -> int | None:
    return None if path == STDIN else Path(path).stat().st_size
