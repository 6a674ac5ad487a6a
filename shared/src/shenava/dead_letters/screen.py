"""Where the commands print: results on stdout, refusals and progress on stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from shenava.dead_letters.plan import Refusal
from shenava.dead_letters.visible import visible

NAME = "shenava"
REFUSALS = 200
WIDE = 200

OnProgress = Callable[[int, int], None]


def out() -> Console:
    """For results; what is not a terminal gets lines that are not folded."""
    return Console(markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDE)


def tell(message: str) -> None:
    """One line on stderr, whatever the message quotes."""
    sys.stderr.write(f"{NAME}: {visible(message)}\n")


def tell_refusals(refused: Iterable[Refusal]) -> int:
    """A line for each, until they are too many to be read; returns how many there are."""
    number = 0
    for number, refusal in enumerate(refused, 1):
        if number <= REFUSALS:
            tell(f"refused {refusal}")
    if number > REFUSALS:
        tell(f"{number - REFUSALS:,} more are refused; --json names them all")
    return number


@contextmanager
def progress(doing: str) -> Iterator[OnProgress]:
    """A bar on a terminal's stderr while ``doing`` goes on; it is told how many of how many are done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(doing, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
