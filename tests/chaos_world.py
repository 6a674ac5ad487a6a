"""Runs one fault against the whole system under load, and says what it cost: lost, doubled, seconds to recover."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from time import monotonic

import asyncpg
import httpx
from aiokafka.errors import KafkaError

from chaos_load import PACE_SECONDS, Load
from e2e_checks import Asking, differs
from shenava import topics
from shenava.dev import audit
from shenava.dev.evidence import Evidence, Told
from shenava.dev.gathering import gather
from shenava.dev.observer import Observer
from shenava.dev.oracle import Verdict, judge
from shenava.dev.processes import ProcessExit
from shenava.dev.stack import Stack

Look = Callable[[Evidence], Awaitable[Sequence[str]]]
"""Says what else does not hold of the brand of the run once every law does."""
Inject = Callable[[Stack, Random], Awaitable[Look | None]]
"""Does the harm and heals it; returns at the moment of healing, with what to look at beside the laws, if anything."""


@dataclass(frozen=True)
class Fault:
    """One kind of harm.

    Attributes:
        name: what happens, in words; also decides the brand and the chances of its runs.
        inject: its short form, for `make test`.
        long: its long form, for `make chaos`; the short one if there is none.
        runs: how many single harms the long form does, for the table.
        pace: seconds between two bulks of one sender; slower where little gets through for long.
        may_end: services whose process may end by itself under it; they are started again, as an orchestrator does.
    """

    name: str
    inject: Inject
    long: Inject | None = None
    runs: int = 1
    pace: float = PACE_SECONDS
    may_end: frozenset[str] = frozenset()


LEVELS = ("warning", "breach", "lead", "manager")
ROUTES_TO = "routes"
GROUPS = tuple(sorted({reader for topic in topics.ALL for reader in topic.read_by} - {"the teams"}))
WARM_MENTIONS = 40
AFTERWARDS_SECONDS = 1.0
RECOVER_SECONDS = 90.0
SETTLE_SECONDS = 90.0
LOOK_SECONDS = 0.1
RESTART_SECONDS = 0.3


@dataclass
class Outcome:
    """What one run of one fault came to.

    Attributes:
        recovery: seconds from the healing until the ingestor accepted and every consumer group finished a record.
        exits: services that ended by themselves and were started again, as an orchestrator does.
        slowest_refusal: seconds that a sender waited at most to be told no.
    """

    fault: str
    acknowledged: int
    refused: int
    unknown: int
    recovery: float
    slowest_refusal: float
    verdict: Verdict
    exits: list[ProcessExit] = field(default_factory=list)


class World:
    """The system under load. One run at a time; each has a brand of its own, so that runs can share a stack.

    Args:
        seed: with the fault's name it decides everything that is random.
    """

    def __init__(self, stack: Stack, seed: str) -> None:
        self.stack = stack
        self._seed = seed

    async def run(self, fault: Fault, *, long: bool = False) -> Outcome:
        """Inject ``fault`` under load, in its ``long`` form or its short one, wait until all has settled, and judge.

        Raises:
            TimeoutError: it did not recover within 90 seconds.
        """
        rng = Random(f"{self._seed} {fault.name}")  # noqa: S311 - a run that can be repeated, no secret
        brand = "chaos-" + re.sub("[^a-z0-9]+", "-", fault.name.lower())[:50]
        load = Load(self.stack, brand, rng, fault.pace)
        inject = (fault.long if long else None) or fault.inject
        stop = asyncio.Event()
        async with Observer(self.stack.kafka_settings, brand=brand) as observer, asyncio.TaskGroup() as group:
            exits: list[ProcessExit] = []
            keeper = group.create_task(_keep_running(self.stack, exits))
            sending = group.create_task(load.run(stop))
            try:
                async with asyncio.timeout(RECOVER_SECONDS):
                    await load.accepted(WARM_MENTIONS)
                look = await inject(self.stack, rng)
                recovery = await _recovered(observer, load)
                await asyncio.sleep(AFTERWARDS_SECONDS)
            finally:
                stop.set()
            await sending
            verdict = await self._settled(observer, load, brand, look)
            keeper.cancel()
        told = load.told
        return Outcome(
            fault.name, len(told.accepted), told.refused, told.unknown, recovery, load.slowest_refusal, verdict, exits
        )

    async def _settled(self, observer: Observer, load: Load, brand: str, look: Look | None) -> Verdict:
        """The verdict once every law holds, or what does not when nothing has got better for 90 seconds."""
        verdict = Verdict(wrong=("the system could not be looked at",))
        fewest, deadline = None, monotonic() + SETTLE_SECONDS
        while verdict.sentences and monotonic() < deadline:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                evidence = await gather(
                    self.stack, observer, load.told, brand=brand, levels=LEVELS, routes_to=ROUTES_TO
                )
                judged = judge(evidence)
                if not judged.sentences:
                    more = [] if look is None else await look(evidence)
                    judged = replace(judged, wrong=(*await _recounted(self.stack, brand, evidence), *more))
                verdict = judged
                if fewest is None or len(verdict.sentences) < fewest:
                    # What came in during a long fault is still being worked off.
                    fewest, deadline = len(verdict.sentences), monotonic() + SETTLE_SECONDS
            except (OSError, httpx.HTTPError, asyncpg.PostgresError, KafkaError):
                continue
        return verdict


async def _recounted(stack: Stack, brand: str, evidence: Evidence) -> list[str]:
    """Where the services answer otherwise than the topics have it."""
    async with Asking(stack) as asking:
        mentions = len({event.mention.mention_id for event in evidence.classified})
        return [
            *audit.nothing_is_forgotten(await asking.number("forgotten_issues", brand)),
            *differs("mentions of metrics-api", await asking.number("mentions", brand), mentions),
            *differs("issues of metrics-api", await asking.number("issues", brand), len(evidence.issues)),
            *differs("open issues of the router", await asking.open_issues(brand), sorted(evidence.issues)),
        ]


async def broken_laws(stack: Stack, told: Told, brand: str) -> list[str]:
    """What does not hold, by now, of ``brand``, of which senders were told ``told`` without this world's load."""
    async with Observer(stack.kafka_settings, brand=brand) as observer:
        return judge(await gather(stack, observer, told, brand=brand, levels=LEVELS, routes_to=ROUTES_TO)).sentences


async def _recovered(observer: Observer, load: Load) -> float:
    """Seconds until a mention was accepted and every group has finished a record, from now."""
    healed = monotonic()
    async with asyncio.timeout(RECOVER_SECONDS):
        before = {group: await _finished(observer, group) for group in GROUPS}
        await load.accepted_after(healed)
        for group in GROUPS:
            while await _finished(observer, group) <= before[group]:  # noqa: ASYNC110 - offsets can only be asked for
                await asyncio.sleep(LOOK_SECONDS)
    return monotonic() - healed


async def _finished(observer: Observer, group: str) -> int:
    while True:
        try:
            return await observer.finished_by(group)
        except (KafkaError, OSError):
            await asyncio.sleep(LOOK_SECONDS)


async def _keep_running(stack: Stack, exits: list[ProcessExit]) -> None:
    while True:
        ended = await stack.wait_for_exit()
        exits.append(ended)
        await asyncio.sleep(RESTART_SECONDS)
        await stack.restart(ended.name)
