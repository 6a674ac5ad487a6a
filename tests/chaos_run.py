"""`make chaos`: every fault in its long form, under load, on the whole system; prints what each of them cost.

    python tests/chaos_run.py [--seed S] [--only PATTERN] [--short] [--markdown]

Exits with 1 if anything was lost, doubled or wrong, did not recover, or ended that must not.
"""

import argparse
import asyncio
import logging
import re
import secrets
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

import chaos_brokers
import chaos_changes
import chaos_cluster
import chaos_databases
import chaos_kills
import chaos_stops
import chaos_versions
from chaos_world import Fault, Outcome, World
from shenava.dev.stack import Stack
from shenava.telemetry.logging import configure
from whole_stack import plan

FAULTS: dict[int, tuple[Fault, ...]] = {
    1: (
        *chaos_kills.KILLS,
        *chaos_kills.CRASHES,
        chaos_kills.MANY,
        chaos_kills.DEPLOY,
        *chaos_stops.ZOMBIES,
        chaos_stops.STORM,
        chaos_stops.PAIRS,
        *chaos_brokers.ALL,
        *chaos_brokers.ALONE,
        *chaos_databases.ALL,
        *chaos_databases.COMMITS,
        *chaos_changes.ALL,
        *chaos_versions.ALL,
    ),
    chaos_cluster.NODES: chaos_cluster.CLUSTER,
}
"""By how many brokers the system has."""
COLUMNS = ("fault", "runs", "acknowledged", "refused", "no answer", "lost", "doubled", "wrong", "recovery s")
SHOWN_SENTENCES = 20


@dataclass(frozen=True)
class Row:
    """What one fault came to; ``problems`` is empty if it did no harm."""

    fault: str
    runs: int
    outcome: Outcome | None
    problems: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        if self.outcome is None:
            return (self.fault, str(self.runs), *("-" for _ in COLUMNS[2:]))
        one, verdict = self.outcome, self.outcome.verdict
        told = (one.acknowledged, one.refused, one.unknown)
        found = (len(verdict.lost), len(verdict.doubled), len(verdict.wrong))
        return (self.fault, *(f"{number:,}" for number in (self.runs, *told, *found)), f"{one.recovery:.1f}")


async def run(faults: Sequence[Fault], *, brokers: int, seed: str, short: bool, console: Console) -> list[Row]:
    """Inject each fault in turn into one running system with so many brokers."""
    rows: list[Row] = []
    if not faults:
        return rows
    with tempfile.TemporaryDirectory(prefix="shenava-chaos-") as folder:
        told = plan(Path(folder), brokers=brokers)
        async with Stack(told, lambda line: console.print(line, style="dim", markup=False)) as stack:
            world = World(stack, seed)
            for number, fault in enumerate(faults, 1):
                console.print(f"{number} of {len(faults)}: {fault.name}", markup=False, highlight=False)
                rows.append(row := await _row(world, fault, short=short))
                console.print(
                    "  " + ", ".join(map(" ".join, zip(COLUMNS[1:], row.cells[1:], strict=True))), style="dim"
                )
                for problem in row.problems:
                    console.print(f"  {problem}", style="red", markup=False)
    return rows


async def _row(world: World, fault: Fault, *, short: bool) -> Row:
    runs = 1 if short else fault.runs
    problems: list[str] = []
    outcome = None
    try:
        outcome = await world.run(fault, long=not short)
    except* (TimeoutError, AssertionError) as failures:
        problems += [f"it did not recover: {each!r}" for each in failures.exceptions]
    if outcome is not None:
        problems += outcome.verdict.sentences[:SHOWN_SENTENCES]
        problems += [f"{e.name} ended with {e.code}" for e in outcome.exits if e.name not in fault.may_end]
    return Row(fault.name, runs, outcome, tuple(problems))


def table(rows: Iterable[Row], *, markdown: bool) -> Table:
    """One line for each fault."""
    made = Table(box=box.MARKDOWN if markdown else box.ROUNDED)
    for number, name in enumerate(COLUMNS):
        made.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        made.add_row(*row.cells, style="red" if row.problems else None)
    return made


def main() -> int:
    """Run the faults that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="repeats what was random in an earlier run")
    parser.add_argument("--only", default="", help="a pattern that the fault's name must match")
    parser.add_argument("--short", action="store_true", help="the short forms, as `make test` runs them")
    parser.add_argument("--markdown", action="store_true", help="the table as a document has it")
    given = parser.parse_args()
    configure("chaos", level="ERROR", form="console")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that brokers are away is what we ask for
    console = Console(stderr=True)
    console.print(f"seed {given.seed}", highlight=False)
    chosen = {n: [fault for fault in faults if re.search(given.only, fault.name)] for n, faults in FAULTS.items()}
    if not any(chosen.values()):
        names = [fault.name for faults in FAULTS.values() for fault in faults]
        parser.error(f"no fault matches {given.only!r}; there are: {', '.join(names)}")
    rows = [
        row
        for brokers, faults in chosen.items()
        for row in asyncio.run(run(faults, brokers=brokers, seed=given.seed, short=given.short, console=console))
    ]
    Console(width=None if sys.stdout.isatty() else 200).print(table(rows, markdown=given.markdown))
    return 1 if any(row.problems for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
