"""Whatever is killed while mentions come in, nothing is lost and nothing has its effect twice.

One brand for each victim. The laws are checked from outside: on the topics, at the receiver of the webhooks, and by the
APIs of the router and of metrics-api.
"""

import asyncio
import os
from random import Random
from typing import Any

import httpx
import pytest

from e2e_sender import Sender, complaints
from shenava import topics
from shenava.dev import audit
from shenava.dev.demo import READ_BY
from shenava.dev.observer import Observer
from shenava.dev.stack import RECEIVER, SERVICES, Stack
from shenava.events import IssueEvent, IssueOpened, IssueRouted, MentionClassified, MentionReceived, SlaFired
from shenava.ids import derive

pytestmark = pytest.mark.servers

SEED = os.environ.get("SHENAVA_TEST_SEED", "20261123")
MENTIONS = 150
BULK = 20
PACE_SECONDS = 0.3
DOWN_SECONDS = 1.0
NUMBERS = ("mentions", "issues", "forgotten_issues")
LEVELS = ("warning", "breach", "lead", "manager")
SETTLE_SECONDS = 90.0


@pytest.mark.parametrize("victim", [*SERVICES, RECEIVER, "kafka", "postgres"])
async def test_killing_it_under_load_loses_nothing_and_doubles_nothing(stack: Stack, victim: str) -> None:
    rng = Random(f"{SEED} {victim}")  # noqa: S311 - a test that can be repeated, no secret
    brand = f"kill-{victim}"
    sender = Sender(stack.url("ingestor"), stack.api_key, brand)
    moment = rng.uniform(0.1, 1.0)
    print(f"{victim} is killed {moment:.3f} s into the load; SHENAVA_TEST_SEED={SEED}")  # noqa: T201 - to repeat it

    load = asyncio.create_task(_load(sender, complaints(brand, MENTIONS, rng)))
    await asyncio.sleep(moment)
    await stack.kill(victim)
    await asyncio.sleep(DOWN_SECONDS)
    assert not load.done()
    await stack.restart(victim)
    await load

    async with Observer(stack.kafka_settings, brand=brand) as observer:
        found = ["nothing was looked at"]
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await observer.settle(READ_BY)
                while found:
                    found = await _broken_laws(stack, observer, sender)
        except TimeoutError:
            pytest.fail("\n".join(found[:40]))
    print(f"{len(sender.acknowledged)} acknowledged, {sender.again} bulks sent again")  # noqa: T201 - as above


async def _load(sender: Sender, said: list[dict[str, Any]]) -> None:
    """In bulks, one every now and then, so that a part comes before, while and after the victim is away."""
    for start in range(0, len(said), BULK):
        await sender.send(said[start : start + BULK])
        await asyncio.sleep(PACE_SECONDS)


async def _broken_laws(stack: Stack, observer: Observer, sender: Sender) -> list[str]:
    """What does not hold, by now."""
    await observer.catch_up()
    received = observer.on(topics.MENTIONS_RECEIVED, MentionReceived)
    classified = observer.on(topics.MENTIONS_CLASSIFIED, MentionClassified)
    lifecycle = observer.on(topics.ISSUES_LIFECYCLE, IssueEvent)
    routed = observer.on(topics.ISSUES_LIFECYCLE, IssueRouted)
    fired = observer.on(topics.SLA_ESCALATIONS, SlaFired)
    issues = {event.issue_id for event in lifecycle if isinstance(event, IssueOpened)}
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    async with httpx.AsyncClient(headers=headers, timeout=20, trust_env=False) as client:
        webhooks = await _json(client, stack.url(RECEIVER) + "/received")
        numbers = {name: await _number(client, stack, name, sender.brand) for name in NUMBERS}
        desk = await _open_issues(client, stack, sender.brand)
    return [
        *audit.nothing_accepted_is_lost(sender.acknowledged, received, classified),
        *_only_what_was_said(sender, classified),
        *audit.issues_are_whole(lifecycle),
        *audit.no_mention_is_in_two_issues(lifecycle),
        *audit.every_matter_is_one_issue(sender.matters, lifecycle),
        *audit.no_level_twice_or_early(fired),
        *audit.no_level_is_skipped(issues, fired, LEVELS),
        *audit.every_route_is_delivered_once(routed, webhooks["issues"]),
        *audit.nothing_is_forgotten(numbers["forgotten_issues"]),
        *_differs("mentions of metrics-api", numbers["mentions"], len({e.mention.mention_id for e in classified})),
        *_differs("issues of metrics-api", numbers["issues"], len(issues)),
        *_differs("open issues of the router", desk, sorted(issues)),
    ]


def _only_what_was_said(sender: Sender, classified: list[MentionClassified]) -> list[str]:
    expected = {derive("classified", event_id) for event_id in sender.acknowledged}
    return _differs("classified events", sorted({event.event_id for event in classified}), sorted(expected))


def _differs(what: str, told: object, counted: object) -> list[str]:
    return [] if told == counted else [f"{what}: {told}, by the topics {counted}"]


async def _number(client: httpx.AsyncClient, stack: Stack, metric: str, brand: str) -> float | None:
    answer = await _json(client, f"{stack.url('metrics-api')}/v1/metrics/{metric}?brand={brand}")
    value: float | None = answer["points"][0]["value"]
    return value


async def _open_issues(client: httpx.AsyncClient, stack: Stack, brand: str) -> list[str]:
    found: list[str] = []
    page = {"next_cursor": ""}
    while (cursor := page.get("next_cursor")) is not None:
        after = f"&cursor={cursor}" if cursor else ""
        page = await _json(client, f"{stack.url('router')}/v1/issues?brand={brand}&limit=200{after}")
        found += [issue["id"] for issue in page["items"] if issue["state"] not in {"resolved", "closed"}]
    return sorted(found)


async def _json(client: httpx.AsyncClient, url: str) -> Any:
    answer = await client.get(url)
    answer.raise_for_status()
    return answer.json()
