"""Whatever is killed while mentions come in, nothing is lost and nothing has its effect twice.

One brand for each victim. The laws are checked from outside: on the topics, at the receiver of the webhooks, and by the
APIs of the router and of metrics-api.
"""

import asyncio
import os
from collections.abc import Collection
from random import Random
from typing import Any

import pytest

from e2e_checks import Asking, differs, until_nothing_is_wrong
from e2e_sender import Sender, complaints
from shenava import topics
from shenava.dev import audit
from shenava.dev.demo import READ_BY
from shenava.dev.observer import Observer
from shenava.dev.stack import RECEIVER, SERVICES, Stack
from shenava.events import (
    IssueEvent,
    IssueOpened,
    IssueRouted,
    MentionClassified,
    MentionPassed,
    MentionReceived,
    SlaFired,
)
from shenava.ids import derive

pytestmark = pytest.mark.servers

SEED = os.environ.get("SHENAVA_TEST_SEED", "20261123")
MENTIONS = 150
BULK = 20
PACE_SECONDS = 0.3
DOWN_SECONDS = 1.0
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

    async with Observer(stack.kafka_settings, brand=brand) as observer, Asking(stack) as asking:
        await observer.settle(READ_BY)
        await until_nothing_is_wrong(lambda: _broken_laws(observer, asking, sender), SETTLE_SECONDS)
    print(f"{len(sender.acknowledged)} acknowledged, {sender.again} bulks sent again")  # noqa: T201 - as above


async def _load(sender: Sender, said: list[dict[str, Any]]) -> None:
    """In bulks, one every now and then, so that a part comes before, while and after the victim is away."""
    for start in range(0, len(said), BULK):
        await sender.send(said[start : start + BULK])
        await asyncio.sleep(PACE_SECONDS)


async def _broken_laws(observer: Observer, asking: Asking, sender: Sender) -> list[str]:
    """What does not hold, by now."""
    await observer.catch_up()
    received = observer.on(topics.MENTIONS_RECEIVED, MentionReceived)
    classified = observer.on(topics.MENTIONS_CLASSIFIED, MentionClassified)
    passed = observer.on(topics.MENTIONS_PASSED, MentionPassed)
    lifecycle = observer.on(topics.ISSUES_LIFECYCLE, IssueEvent)
    routed = observer.on(topics.ISSUES_LIFECYCLE, IssueRouted)
    fired = observer.on(topics.SLA_ESCALATIONS, SlaFired)
    issues = {event.issue_id for event in lifecycle if isinstance(event, IssueOpened)}
    webhooks = await asking.json(RECEIVER, "/received")
    return [
        *audit.nothing_accepted_is_lost(sender.acknowledged, received, classified),
        *_only_what_was_said(sender, classified),
        *audit.every_mention_has_an_outcome(classified, lifecycle, passed),
        *audit.issues_are_whole(lifecycle),
        *audit.no_mention_is_in_two_issues(lifecycle),
        *audit.every_matter_is_one_issue(sender.matters, lifecycle),
        *audit.no_level_twice_or_early(fired),
        *audit.no_level_is_skipped(issues, fired, LEVELS),
        *audit.every_route_is_delivered_once(routed, webhooks["issues"]),
        *await _recounted(asking, sender.brand, classified, issues),
    ]


async def _recounted(
    asking: Asking, brand: str, classified: list[MentionClassified], issues: Collection[str]
) -> list[str]:
    """Where the services' numbers are not those of the topics."""
    mentions = {event.mention.mention_id for event in classified}
    return [
        *audit.nothing_is_forgotten(await asking.number("forgotten_issues", brand)),
        *differs("mentions of metrics-api", await asking.number("mentions", brand), len(mentions)),
        *differs("issues of metrics-api", await asking.number("issues", brand), len(issues)),
        *differs("open issues of the router", await asking.open_issues(brand), sorted(issues)),
    ]


def _only_what_was_said(sender: Sender, classified: list[MentionClassified]) -> list[str]:
    expected = {derive("classified", event_id) for event_id in sender.acknowledged}
    return differs("classified events", sorted({event.event_id for event in classified}), sorted(expected))
