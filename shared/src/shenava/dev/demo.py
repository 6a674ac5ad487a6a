"""The main job, shown: sample mentions go in, and a minute later every one of them is a number.

Runs the whole stack, loads the sample with the command a user would use, lets a team answer some of the issues, waits
until the clocks of the others have run out, and prints what happened, checked against the laws of the loop.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from rich.console import Console
from rich.status import Status

from shenava import topics
from shenava.dev import audit, summary
from shenava.dev.observer import Observer
from shenava.dev.show import Number, Shown, show
from shenava.dev.stack import RECEIVER, Stack
from shenava.dev.team import answer_issues
from shenava.events import (
    IssueAcknowledged,
    IssueEvent,
    IssueRouted,
    MentionClassified,
    MentionPassed,
    MentionReceived,
    SlaBreached,
    SlaEscalated,
    SlaFired,
)

READ_BY = {
    "sentiment": (topics.MENTIONS_RECEIVED,),
    "router": (topics.MENTIONS_CLASSIFIED,),
    "sla-watcher": (topics.ISSUES_LIFECYCLE,),
    "metrics-api": (topics.MENTIONS_CLASSIFIED, topics.MENTIONS_PASSED, topics.ISSUES_LIFECYCLE),
}
# Those that count hours count true ones, and a hurried clock would belie them.
NUMBERS = ("reputation_score", "forgotten_issues")
BRAND = "default"
SETTLE_SECONDS = 120.0
CLOCKS_SECONDS = 180.0


class DemoFailed(Exception):  # noqa: N818 - it is told to a person as it stands
    """The loop did not do its job; the message says which part."""


@dataclass(frozen=True)
class Sample:
    """The sample mentions, what people say of them, and what the shipped model and rules make of them."""

    mentions: tuple[Path, ...]
    truth: tuple[Path, ...]
    golden: Path

    @classmethod
    def of(cls, folder: Path) -> "Sample":
        """The sample in ``folder``.

        Raises:
            DemoFailed: there is none.
        """
        mentions = tuple(sorted(folder.glob("mentions-*.ndjson")))
        truth = tuple(sorted(folder.glob("truth-*.ndjson")))
        if not mentions or len(mentions) != len(truth):
            raise DemoFailed(f"{folder} holds no sample: mentions-*.ndjson with a truth-*.ndjson each are expected")
        return cls(mentions, truth, folder / "golden.json")


async def demo(stack: Stack, sample: Sample, console: Console, *, write_golden: bool = False) -> bool:
    """Run the demo on a stack that is ready; True when every law holds and the golden file is matched.

    With ``write_golden`` this run's counts become the golden file.
    """
    async with Observer(stack.kafka_settings, brand=BRAND) as observer:
        await _load(stack, sample)
        with console.status("every mention on its way to the numbers") as status:
            async with within(SETTLE_SECONDS, "understanding and routing every mention"):
                await observer.settle({"sentiment": READ_BY["sentiment"]})
                await observer.settle({"router": READ_BY["router"]})
            await observer.catch_up()
            status.update("a team answers what came to the content and product queues")
            routed = observer.on(topics.ISSUES_LIFECYCLE, IssueRouted)
            await answer_issues(stack.url("router"), stack.api_key, routed)
            await _clocks_run_out(observer, status)
            async with within(SETTLE_SECONDS, "settling"):
                await observer.settle(READ_BY)
            await observer.catch_up()
            status.update("asking for the numbers")
            shown = await _gather(stack, sample, observer)
            if write_golden:
                text = json.dumps(shown.counts, indent=2, ensure_ascii=False) + "\n"
                await asyncio.to_thread(sample.golden.write_text, text, "utf-8")
        show(console, shown)
    return not (shown.violations or shown.differences)


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """Give up on ``what`` after ``seconds``.

    Raises:
        DemoFailed: it took longer.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise DemoFailed(f"{what} took longer than {seconds:g} s; the services' logs tell why") from error


async def _load(stack: Stack, sample: Sample) -> None:
    """Load the sample as a user would: with the ingestor's own command, its progress bar in this terminal."""
    command = [
        "load",
        *map(str, sample.mentions),
        "--url",
        stack.url("ingestor"),
        "--key-file",
        str(stack.api_key_file),
    ]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "ingestor", *command)
    if await process.wait():
        raise DemoFailed("`ingestor load` did not take the whole sample; its messages stand above")


async def _clocks_run_out(observer: Observer, status: Status) -> None:
    """Until every issue that nobody answered was escalated at least once for its triage clock."""
    async with within(CLOCKS_SECONDS, "escalating what nobody answers"):
        while True:
            await observer.catch_up()
            lifecycle = observer.on(topics.ISSUES_LIFECYCLE, IssueEvent)
            answered = {e.issue_id for e in lifecycle if isinstance(e, IssueAcknowledged)}
            waiting = {e.issue_id for e in lifecycle if isinstance(e, IssueRouted)} - answered
            fired = [e for e in observer.on(topics.SLA_ESCALATIONS, SlaFired) if e.clock == "triage"]
            breached = {e.issue_id for e in fired if isinstance(e, SlaBreached)}
            escalated = {e.issue_id for e in fired if isinstance(e, SlaEscalated)}
            late = f"{len(breached)} over the triage time, {len(escalated)} escalated"
            status.update(f"nobody answers {len(waiting)} issues: {late}")
            if waiting <= breached & escalated:
                return
            await asyncio.sleep(0.3)


async def _gather(stack: Stack, sample: Sample, observer: Observer) -> Shown:
    received = observer.on(topics.MENTIONS_RECEIVED, MentionReceived)
    classified = observer.on(topics.MENTIONS_CLASSIFIED, MentionClassified)
    passed = observer.on(topics.MENTIONS_PASSED, MentionPassed)
    lifecycle = observer.on(topics.ISSUES_LIFECYCLE, IssueEvent)
    routed = observer.on(topics.ISSUES_LIFECYCLE, IssueRouted)
    fired = observer.on(topics.SLA_ESCALATIONS, SlaFired)
    found = summary.outcomes(classified, lifecycle)
    counts = summary.counts(found, lifecycle, passed)
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    async with httpx.AsyncClient(headers=headers, timeout=10, trust_env=False) as client:
        webhooks = await _all_delivered(client, stack.url(RECEIVER) + "/received", routed)
        clocks = await _json(client, stack.url("sla-watcher") + "/v1/clocks/summary")
        numbers = {name: await _number(client, stack.url("metrics-api"), name) for name in NUMBERS}
    violations = [
        *audit.nothing_accepted_is_lost([], received, classified),
        *audit.every_mention_has_an_outcome(classified, lifecycle, passed),
        *audit.issues_are_whole(lifecycle),
        *audit.no_mention_is_in_two_issues(lifecycle),
        *audit.no_level_twice_or_early(fired),
        *audit.every_route_is_delivered_once(routed, webhooks["issues"]),
        *audit.nothing_is_forgotten(numbers["forgotten_issues"].value),
    ]
    golden = orjson.loads(sample.golden.read_bytes()) if sample.golden.exists() else None
    return Shown(
        counts=counts,
        outcomes=tuple(found.values()),
        routed=tuple(routed),
        fired=tuple(fired),
        webhooks=webhooks,
        clocks=clocks,
        numbers=numbers,
        agreement=tuple(summary.agreement(found, _truth(sample))),
        golden_known=golden is not None,
        differences=tuple(summary.differences(golden, counts)) if golden is not None else (),
        violations=tuple(violations),
    )


async def _all_delivered(client: httpx.AsyncClient, url: str, routed: Iterable[IssueRouted]) -> dict[str, Any]:
    """The receiver's own account, once it has a webhook for every route."""
    routes = {event.event_id: event.issue_id for event in routed}
    async with within(SETTLE_SECONDS, "delivering the webhooks"):
        while True:
            account: dict[str, Any] = await _json(client, url)
            if sum(account["issues"].get(issue, 0) for issue in set(routes.values())) >= len(routes):
                return account
            await asyncio.sleep(0.3)


async def _number(client: httpx.AsyncClient, metrics_api: str, name: str) -> Number:
    """The metric over the present window, as metrics-api answers it."""
    answer = await _json(client, f"{metrics_api}/v1/metrics/{name}")
    point = answer["points"][0]
    return Number(point["value"], answer["unit"], point["n"], point["reason"])


async def _json(client: httpx.AsyncClient, url: str) -> Any:
    response = await client.get(url)
    if response.is_error:
        raise DemoFailed(f"{url} answered {response.status_code}: {response.text[:500]}")
    return response.json()


def _truth(sample: Sample) -> Sequence[dict[str, Any]]:
    return [orjson.loads(line) for path in sample.truth for line in path.read_bytes().splitlines()]
