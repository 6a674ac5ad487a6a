"""Faults of the network: what happens to the ways between the services and a server, for all of them or for one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from random import Random

import psutil  # type: ignore[import-untyped]  # it ships no types

from chaos_world import Inject, Look
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.links import Server
from shenava.dev.pacing import Pace
from shenava.dev.stack import SERVICES, USES, Stack

SHORT_SECONDS, LONG_SECONDS = 3.0, 45.0
TURN_SECONDS = 1.5
FLAP_SECONDS = 0.5
SEEN_WITHIN_SECONDS = 30.0
MEMORY_LOOK_SECONDS = 0.25
MORE_MEGABYTES = 64
"""What a service may need more for what waits; a queue without bound would need it in seconds."""


def ways(stack: Stack, server: Server, service: str | None = None) -> list[FaultProxy]:
    """The links to ``server`` of all services, or of one."""
    return [stack.link(each, server) for each, used in USES.items() if server in used and service in {None, each}]


def away(
    how: Callable[[FaultProxy], Awaitable[object]],
    server: Server,
    service: str | None = None,
    *,
    seconds: float = SHORT_SECONDS,
    silent: bool = False,
) -> Inject:
    """The server cannot be used for a while; ``silent`` as in :meth:`FaultProxy.heal`."""

    async def inject(stack: Stack, rng: Random) -> None:
        links = ways(stack, server, service)
        try:
            await asyncio.gather(*(how(link) for link in links))
            await asyncio.sleep(seconds * rng.uniform(0.8, 1.2))
        finally:
            await asyncio.gather(*(link.heal(silent=silent) for link in links))

    return inject


def flapping(server: Server, service: str | None = None, *, seconds: float = SHORT_SECONDS) -> Inject:
    """All connections are cut, again and again."""

    async def inject(stack: Stack, rng: Random) -> None:
        for _ in range(round(seconds / FLAP_SECONDS)):
            await asyncio.gather(*(link.cut() for link in ways(stack, server, service)))
            await asyncio.sleep(FLAP_SECONDS * rng.uniform(0.5, 1.5))

    return inject


def slow(server: Server, pace: Pace, *, seconds: float = SHORT_SECONDS) -> Inject:
    """Every byte to and from the server takes its time."""

    async def inject(stack: Stack, _: Random) -> None:
        links = ways(stack, server)
        try:
            await asyncio.gather(*(link.slow(to_server=pace, to_client=pace) for link in links))
            await asyncio.sleep(seconds)
        finally:
            await asyncio.gather(*(link.heal() for link in links))

    return inject


def cut_at(server: Server, service: str, patterns: Iterable[str], *, times: int = 1) -> Inject:
    """Cut the connection when the service says each of ``patterns``: before the server has got it, and after."""
    each_moment = [(pattern, before) for pattern in patterns for before in (True, False)] * times

    async def inject(stack: Stack, rng: Random) -> None:
        link, moments = stack.link(service, server), each_moment[:]
        rng.shuffle(moments)
        try:
            for pattern, before in moments:
                armed = await link.cut_when(pattern, before=before)
                async with asyncio.timeout(SEEN_WITHIN_SECONDS):
                    await link.happened(armed)
        finally:
            await link.heal()

    return inject


def one_after_another(injections: Iterable[Inject]) -> Inject:
    """All of them."""
    several = tuple(injections)

    async def inject(stack: Stack, rng: Random) -> None:
        for each in several:
            await each(stack, rng)

    return inject


def with_bounded_memory(inject: Inject) -> Inject:
    """The same, while no service may grow by more than 64 MiB."""

    async def watched(stack: Stack, rng: Random) -> Look | None:
        before = memory(stack)
        most = dict(before)
        injecting = asyncio.ensure_future(inject(stack, rng))
        while not injecting.done():
            await asyncio.wait([injecting], timeout=MEMORY_LOOK_SECONDS)
            most = {service: max(most[service], now) for service, now in memory(stack).items()}
        grown = {service: round(most[service] - before[service]) for service in before}
        assert all(more <= MORE_MEGABYTES for more in grown.values()), f"memory grew, in MiB: {grown}"
        return await injecting

    return watched


def memory(stack: Stack) -> dict[str, float]:
    """MiB that each service holds."""
    return {service: psutil.Process(stack.processes.pid(service)).memory_info().rss / 2**20 for service in SERVICES}
