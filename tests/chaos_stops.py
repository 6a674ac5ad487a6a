"""Faults that stop processes without ending them, and groups whose members come and go."""

import asyncio
import os
import signal
from functools import partial
from random import Random
from time import monotonic

from chaos_links import one_after_another
from chaos_members import second, start_second
from chaos_world import Fault, Inject
from shenava.dev.stack import SERVICES, Stack

CONSUMERS = tuple(service for service in SERVICES if service != "ingestor")
ZOMBIE_SECONDS, LONG_ZOMBIE_SECONDS = 6.0, 30.0
STORM_SECONDS, LONG_STORM_SECONDS = 10.0, 120.0
JOIN_EVERY_SECONDS = 2.0
TOGETHER_SECONDS = 3.0


async def _zombie(stack: Stack, _: Random, *, victim: str, seconds: float) -> None:
    """Stop the process for longer than its group waits, while another member takes its place; then let it go on."""
    await start_second(stack, victim)
    os.kill(stack.processes.pid(victim), signal.SIGSTOP)
    await asyncio.sleep(seconds)
    os.kill(stack.processes.pid(victim), signal.SIGCONT)
    await asyncio.sleep(TOGETHER_SECONDS)
    await stack.processes.stop(second(victim))


async def _storm(stack: Stack, rng: Random, *, seconds: float) -> None:
    """Have a member more join one group or another, and leave it again, every two seconds."""
    until = monotonic() + seconds
    while monotonic() < until:
        service = rng.choice(CONSUMERS)
        await start_second(stack, service)
        await asyncio.sleep(JOIN_EVERY_SECONDS)
        await (stack.processes.kill if rng.random() < 0.5 else stack.processes.stop)(second(service))


async def _second_is_killed(stack: Stack, _: Random) -> None:
    """Run two of each consumer side by side, then kill the first ones at once."""
    for service in CONSUMERS:
        await start_second(stack, service)
    await asyncio.sleep(2 * TOGETHER_SECONDS)
    await asyncio.gather(*(stack.kill(service) for service in CONSUMERS))
    await asyncio.sleep(TOGETHER_SECONDS)
    await asyncio.gather(*(stack.restart(service) for service in CONSUMERS))
    await asyncio.gather(*(stack.processes.stop(second(service)) for service in CONSUMERS))


def _zombie_for(victim: str, seconds: float) -> Inject:
    return partial(_zombie, victim=victim, seconds=seconds)


ZOMBIES = tuple(
    Fault(f"{victim} is a zombie", _zombie_for(victim, ZOMBIE_SECONDS), _zombie_for(victim, LONG_ZOMBIE_SECONDS))
    for victim in CONSUMERS
)
IN_TURN = Fault(
    "one service after another is a zombie",
    one_after_another(_zombie_for(each, ZOMBIE_SECONDS) for each in ("sentiment", "router")),
)
STORM = Fault(
    "members come and go",
    partial(_storm, seconds=STORM_SECONDS),
    partial(_storm, seconds=LONG_STORM_SECONDS),
    runs=int(LONG_STORM_SECONDS / JOIN_EVERY_SECONDS),
)
PAIRS = Fault("of two members of each group one is killed", _second_is_killed, runs=len(CONSUMERS))
