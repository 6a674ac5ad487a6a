"""A million events through the whole system: whether CPU per event and memory stay as they were at the beginning.

Senders keep sentiment busy without letting it fall behind, ladders are climbed to their tops, a team answers. Every few
seconds CPU time and RSS of each service are noted beside the number of events on the topics. Printed are, for each
service, the exponent of CPU time as a power of events (1: each event costs the same), the growth of RSS per 100,000
events after the first fifth, and its open files; at the end every mention must be counted and none forgotten.

    python benchmarks/soak.py [--events 1000000]
"""

import argparse
import asyncio
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import linear_regression
from time import monotonic

import httpx
import psutil  # type: ignore[import-untyped]  # it ships no types
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the load is that of the tests of faults

from chaos_load import Load
from shenava import topics
from shenava.dev.observer import Observer
from shenava.dev.stack import SERVICES, Stack
from shenava.telemetry.logging import configure
from whole_stack import plan

MEBI = 1024 * 1024
BRAND = "soak"
LOOK_SECONDS = 3.0
FAST, SLOW = 0.01, 0.5
FAR_BEHIND = 3_000
WARM = 0.2
SETTLE_SECONDS = 300.0


@dataclass(frozen=True)
class Sample:
    """What one service had used when so many events were on the topics."""

    events: int
    cpu: float
    rss: int
    files: int


async def soak(stack: Stack, goal: int, console: Console) -> dict[str, list[Sample]]:
    """Send until ``goal`` events are on the topics; what each service used on the way."""
    samples: dict[str, list[Sample]] = {name: [] for name in SERVICES}
    load = Load(stack, BRAND, Random(1), pace=FAST)
    stop = asyncio.Event()
    columns = ("events", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    async with Observer(stack.kafka_settings, brand=BRAND) as observer, asyncio.TaskGroup() as group:
        group.create_task(load.run(stop))
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=goal)
            while (events := await observer.written()) < goal:
                progress.update(bar, completed=events)
                _note(stack, events, samples)
                behind = await observer.unread_by("sentiment", topics.MENTIONS_RECEIVED)
                load.pace = SLOW if behind > FAR_BEHIND else FAST
                await asyncio.sleep(LOOK_SECONDS)
        stop.set()
    _note(stack, events, samples)
    await _nothing_is_missing(stack, load)
    return samples


def _note(stack: Stack, events: int, samples: dict[str, list[Sample]]) -> None:
    for name in SERVICES:
        process = psutil.Process(stack.processes.pid(name))
        used = process.cpu_times()
        samples[name].append(Sample(events, used.user + used.system, process.memory_info().rss, process.num_fds()))


async def _nothing_is_missing(stack: Stack, load: Load) -> None:
    """Wait until metrics-api has counted every mention that was accepted, and none is forgotten."""
    until = monotonic() + SETTLE_SECONDS
    told: dict[str, float | None] = {}
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as client:
        while monotonic() < until:
            for name in ("mentions", "forgotten_issues"):
                answer = await client.get(f"{stack.url('metrics-api')}/v1/metrics/{name}?brand={BRAND}")
                told[name] = answer.json()["points"][0]["value"]
            accepted = len(load.told.accepted)
            if told["forgotten_issues"] == 0 and (told["mentions"] or 0) >= accepted:
                print(f"{accepted:,} mentions accepted, all counted, none forgotten")
                return
            await asyncio.sleep(LOOK_SECONDS)
    raise SystemExit(f"{len(load.told.accepted):,} mentions were accepted, and metrics-api says {told}")


def report(samples: dict[str, list[Sample]]) -> None:
    """The table."""
    print(f"{'service':<14}{'CPU us/event':>14}{'exponent':>10}{'RSS MiB':>9}{'per 100k':>10}{'files':>12}")
    for name, taken in samples.items():
        first, last = taken[0], taken[-1]
        used = [(one.events - first.events, one.cpu - first.cpu) for one in taken[1:]]
        warm = [one for one in taken if one.events >= WARM * last.events]
        powers = [(math.log(events), math.log(cpu)) for events, cpu in used if events and cpu]
        exponent = _slope([x for x, _ in powers], [y for _, y in powers])
        growth = _slope([one.events / 100_000 for one in warm], [one.rss / MEBI for one in warm])
        each = (last.cpu - first.cpu) / (last.events - first.events) * 1e6
        files = f"{warm[0].files} -> {last.files}"
        print(f"{name:<14}{each:>14.1f}{exponent:>10.3f}{last.rss / MEBI:>9.0f}{growth:>+10.2f}{files:>12}")


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    return linear_regression(x, y).slope


async def main(goal: int) -> None:
    """Run and print."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="shenava-soak-") as folder:
        async with Stack(plan(Path(folder)), lambda line: console.print(line, style="dim", markup=False)) as stack:
            began = monotonic()
            samples = await soak(stack, goal, console)
            events = samples["ingestor"][-1].events
            print(f"{events:,} events in {monotonic() - began:,.0f} s")
    report(samples)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    given = parser.parse_args()
    configure("soak", level="ERROR", form="console")
    asyncio.run(main(given.events))
