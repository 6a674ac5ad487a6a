"""Faults that end processes: by SIGKILL at random moments, at the crash points, by SIGTERM, and servers that crash."""

import asyncio
from functools import partial
from random import Random

from chaos_links import one_after_another
from chaos_members import start
from chaos_world import Fault, Inject
from shenava.crash_points import POINTS, VARIABLE
from shenava.dev.stack import RECEIVER, SERVICES, Stack

SERVERS = ("kafka", "postgres")
DOWN_SECONDS = 1.0
FEW_KILLS, MANY_KILLS = 8, 200
TWO_AT_ONCE = 0.2
PAUSE_SECONDS = (0.1, 3.0)
PASSES = 8
SELDOM_SECONDS = 1.0
REACH_SECONDS = 90.0
CRASHING_AT: dict[str, tuple[str, ...]] = {
    "ingestor.acknowledged": ("ingestor",),
    "transaction.written": ("router", "sla-watcher", "metrics-api"),
    "consumer.handled": ("sentiment", "router", "sla-watcher", "metrics-api"),
    "relay.sent": ("router", "sla-watcher"),
    "webhook.sent": ("router",),
    "timer.claimed": ("sla-watcher",),
}
"""Which services come to which crash point."""


async def _kill(stack: Stack, _: Random, *, victim: str) -> None:
    await stack.kill(victim)
    if victim in SERVERS:
        await asyncio.sleep(DOWN_SECONDS)
    await stack.restart(victim)


async def _kill_many(stack: Stack, rng: Random, *, kills: int) -> None:
    """Kill services at random moments, sometimes two at once, whether they had come up since the last kill or not."""
    for _ in range(kills):
        victims = rng.sample((*SERVICES, RECEIVER), k=2 if rng.random() < TWO_AT_ONCE else 1)
        await asyncio.gather(*(stack.kill(victim) for victim in victims))
        await asyncio.gather(*(stack.restart(victim) for victim in victims))
        await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))


async def _crash_at(stack: Stack, rng: Random, *, victim: str, point: str) -> None:
    """Have ``victim`` die as by SIGKILL when it comes to ``point``, some times after it was started."""
    await stack.processes.stop(victim)  # in good order: one death is measured, not two
    await start(stack, victim, **{VARIABLE: f"{point}:{rng.randint(1, PASSES)}"})
    try:
        async with asyncio.timeout(REACH_SECONDS):
            await stack.processes.wait(victim)
    finally:
        await stack.kill(victim)
        await start(stack, victim)


async def _stop_and_start(stack: Stack, _: Random) -> None:
    """What a rolling deploy does: SIGTERM to one service after the other, each started again when it has ended."""
    for service in SERVICES:
        await stack.processes.stop(service)
        code = stack.processes.exit_code(service)
        if code:
            raise AssertionError(f"{service} ended with {code} on SIGTERM")
        await stack.restart(service)


async def _and_go_on(stack: Stack, rng: Random, *, inject: Inject) -> None:
    """Inject, and let the system go on for a while, whether it has recovered or not."""
    await inject(stack, rng)
    await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))


KILLS = tuple(Fault(f"{victim} is killed", partial(_kill, victim=victim)) for victim in (*SERVICES, RECEIVER, *SERVERS))
MANY = Fault(
    "services are killed at random times",
    partial(_kill_many, kills=FEW_KILLS),
    partial(_kill_many, kills=MANY_KILLS),
    runs=MANY_KILLS,
    pace=SELDOM_SECONDS,
)
CRASHES = tuple(
    Fault(f"{victim} dies at {point}", partial(_crash_at, victim=victim, point=point))
    for point in POINTS
    for victim in CRASHING_AT[point]
)
EACH = Fault(
    "every process and server is killed in turn",
    one_after_another(partial(_and_go_on, inject=fault.inject) for fault in KILLS),
    runs=len(KILLS),
    may_end=frozenset(SERVICES),  # one that comes up while Kafka is away says so and ends
)
EVERYWHERE = Fault(
    "processes die before a commit and before an answer",
    one_after_another(
        partial(_crash_at, victim=victim, point=point)
        for victim, point in (("ingestor", "ingestor.acknowledged"), ("router", "transaction.written"))
    ),
)
DEPLOY = Fault("every service is stopped and started", _stop_and_start, runs=len(SERVICES))
