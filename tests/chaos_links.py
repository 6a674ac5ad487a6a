"""Faults of the network: what happens to the ways between the services and a server, for all of them or for one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from random import Random

from chaos_world import Inject
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.links import Server
from shenava.dev.pacing import Pace
from shenava.dev.stack import USES, Stack

SHORT_SECONDS, LONG_SECONDS = 3.0, 45.0
TURN_SECONDS = 1.5
FLAP_SECONDS = 0.5
SEEN_WITHIN_SECONDS = 30.0


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
