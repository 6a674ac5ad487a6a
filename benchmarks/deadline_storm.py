"""How fast deadlines that all come at once are told: drained by one watcher and by several, beside a bare loop.

All fall due within one second, an hour ago. Told means: marked as fired, and its event staged for the relay, in one
transaction. The bare loop only marks, in batches of the same size: what PostgreSQL alone can do with these rows.

    python benchmarks/deadline_storm.py [--deadlines 100000] [--watchers 2]
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter

# The rows are made as the tests make them.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from servers import Databases, postgres_serving
from shenava.telemetry.logging import configure
from sla_servers import Sla, sla
from sla_storm import ONE_LEVEL, storm
from sla_watcher.watcher import BATCH_TIMERS, Watcher

GOAL = 20_000
_BARE = """
UPDATE timers SET fired_at = now() WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM timers WHERE due_at <= now() AND fired_at IS NULL AND cancelled_at IS NULL
    ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
))
"""


async def bare(opened: Sla) -> None:
    """Mark all that is due, and nothing else."""
    marked = -1
    while marked:
        async with opened.database.transaction() as tx:
            done: str = await tx.driver.execute(_BARE, BATCH_TIMERS)
        marked = int(done.rpartition(" ")[2])


def watchers(count: int) -> Callable[[Sla], Awaitable[None]]:
    """Drain by so many watchers, each with its own connections."""

    async def drain(opened: Sla) -> None:
        async with asyncio.TaskGroup() as at_work:
            for watcher in [await opened.watcher() for _ in range(count)]:
                at_work.create_task(_drain(watcher))

    return drain


async def _drain(watcher: Watcher) -> None:
    while await watcher.turn() == 0.0:
        pass


async def per_second(databases: Databases, deadlines: int, drain: Callable[[Sla], Awaitable[None]]) -> float:
    """Deadlines drained in a second, from a fresh database."""
    settings = await databases.fresh("sla-watcher")
    async with sla(settings, ONE_LEVEL) as opened:
        due_at = await opened.now() - timedelta(hours=1)
        await storm(opened, deadlines, due_at=due_at, apart=timedelta(seconds=1) / deadlines)
        began = perf_counter()
        await drain(opened)
        seconds = perf_counter() - began
        async with opened.database.transaction() as tx:
            fired = await tx.driver.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NOT NULL")
        assert fired == deadlines, f"{fired:,} of {deadlines:,} were fired"
    await databases.drop(settings)
    return deadlines / seconds


async def main(databases: Databases, deadlines: int, count: int) -> None:
    """Measure and print."""
    base = await per_second(databases, deadlines, bare)
    print(f"{deadlines:,} deadlines due within one second; goal: {GOAL:,} told per second")
    print(f"{'':<24}{'per second':>12}{'to bare':>10}")
    print(f"{'bare loop, marks only':<24}{base:>12,.0f}{1:>10.2f}")
    for each in sorted({1, count}):
        told = await per_second(databases, deadlines, watchers(each))
        print(f"{f'{each} watcher' + 's' * (each > 1):<24}{told:>12,.0f}{told / base:>10.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deadlines", type=int, default=100_000)
    parser.add_argument("--watchers", type=int, default=2)
    given = parser.parse_args()
    configure("bench", level="ERROR", form="console")
    with postgres_serving() as server:
        asyncio.run(main(Databases(server), given.deadlines, given.watchers))
