"""For each topic that a service reads: good events, what can be wrong with them, and how to see what became of them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from e2e_bad_records import (
    ODD,
    ODD_MENTIONS,
    OF_A_CLASSIFICATION,
    OF_A_CLOCK,
    OF_A_CORRECTION,
    OF_A_FACT,
    OF_A_MENTION,
    OF_A_PASS,
    OF_AN_ISSUE,
    OF_ANY_EVENT,
    Bad,
    Spoil,
)
from e2e_checks import Asking, differs
from shenava import topics
from shenava.db.bootstrap import SCHEMAS
from shenava.dev.observer import Observer
from shenava.dev.stack import RECEIVER, Stack
from shenava.events import Event, MentionClassified
from shenava.events.mentions import Author
from shenava.ids import derive
from shenava.testing import builders

BEGAN = datetime.now(UTC)
"""Lately, so that the clocks and numbers of the default span take it in."""

Unhandled = Callable[[Stack, Sequence[Event]], Awaitable[list[str]]]


@dataclass(frozen=True)
class Story:
    """What is told on one topic, under a brand of its own.

    Attributes:
        good: event number n.
        unhandled: which of these events their readers have not handled, by now.
    """

    topic: topics.Topic
    good: Callable[[int], Event]
    bad: tuple[Bad, ...]
    odd: tuple[tuple[str, Spoil], ...]
    unhandled: Unhandled


def received(number: int) -> Event:
    """A complaint was heard."""
    return builders.received(brand="bad-received", **_mention(number))


def classified(number: int) -> Event:
    """A complaint was understood."""
    return builders.classified(brand="bad-classified", **_mention(number))


def passed(number: int) -> Event:
    """Nobody has to act on a mention."""
    cause = builders.classified(brand="bad-passed", **_mention(number))
    return builders.passed(cause, occurred_at=BEGAN)


def corrected(number: int) -> Event:
    """A person says what a mention is."""
    return builders.corrected(brand="bad-corrected", mention_id=f"m-{number}", occurred_at=BEGAN)


def opened(number: int) -> Event:
    """An issue was opened."""
    return builders.issue_opened(
        brand="bad-lifecycle", issue_id=f"bad-lifecycle-{number}", occurred_at=BEGAN, complaint_at=BEGAN
    )


def warned(number: int) -> Event:
    """A clock has warned."""
    soon = BEGAN + timedelta(hours=3)
    return builders.sla_warned(
        brand="bad-clocks", issue_id=f"bad-clocks-{number}", started_at=BEGAN, due_at=BEGAN, deadline_at=soon
    )


def fact(number: int) -> Event:
    """Something was ordered."""
    return builders.fact(brand="bad-facts", fact_id=f"o-{number}", occurred_at=BEGAN)


async def _unheard(stack: Stack, events: Sequence[Event]) -> list[str]:
    async with Observer(stack.kafka_settings, brand="bad-received") as observer:
        await observer.catch_up()
        found = {event.event_id for event in observer.on(topics.MENTIONS_CLASSIFIED, MentionClassified)}
    return _missing(
        "never classified", {event.event_id for event in events if derive("classified", event.event_id) not in found}
    )


async def _unrouted(stack: Stack, events: Sequence[Event]) -> list[str]:
    counts = {
        service: await _rows(stack, service, "mentions", "bad-classified") for service in ("router", "metrics-api")
    }
    return differs("mentions", counts, dict.fromkeys(counts, len(events)))


async def _uncounted(stack: Stack, events: Sequence[Event]) -> list[str]:
    return differs("passes", await _rows(stack, "metrics-api", "mentions_passed", "bad-passed"), len(events))


async def _uncorrected(stack: Stack, events: Sequence[Event]) -> list[str]:
    return differs(
        "corrections", await _rows(stack, "metrics-api", "mention_corrections", "bad-corrected"), len(events)
    )


async def _untimed(stack: Stack, events: Sequence[Event]) -> list[str]:
    async with Asking(stack) as asking:
        silent = {e.key for e in events if await asking.status("sla-watcher", f"/v1/clocks/{e.key}") != 200}
        counted = await asking.number("issues", "bad-lifecycle")
    return _missing("without a clock", silent) + differs("issues in metrics", counted, len(events))


async def _untold(stack: Stack, events: Sequence[Event]) -> list[str]:
    async with Asking(stack) as asking:
        messages = await asking.json(RECEIVER, "/received/messages")
        counted = await asking.number("escalations", "bad-clocks")
    told = {message["issue_id"] for message in messages if message["type"] == "sla.warning"}
    return _missing("untold", {e.key for e in events} - told) + differs("levels in metrics", counted, len(events))


async def _unrecorded(stack: Stack, events: Sequence[Event]) -> list[str]:
    return differs("facts", await _rows(stack, "metrics-api", "facts", "bad-facts"), len(events))


async def _rows(stack: Stack, service: str, table: str, brand: str) -> int:
    """How many rows a service keeps of ``brand``, for what its API does not tell."""
    counting = f"SELECT count(*) FROM {SCHEMAS[service]}.{table} WHERE brand = $1"  # noqa: S608 - names of our own
    connection = await asyncpg.connect(stack.dsn(service))
    try:
        count: int = await connection.fetchval(counting, brand)
    finally:
        await connection.close()
    return count


def _mention(number: int) -> dict[str, Any]:
    told = {"native_id": f"n-{number}", "conversation": f"c-{number}", "author": Author(id=f"a-{number}")}
    return {**told, "posted_at": BEGAN, "received_at": BEGAN}


def _missing(what: str, ids: Collection[str]) -> list[str]:
    return [f"{what}: {sorted(ids)}"] if ids else []


STORIES = (
    Story(topics.MENTIONS_RECEIVED, received, OF_ANY_EVENT + OF_A_MENTION, ODD + ODD_MENTIONS, _unheard),
    Story(
        topics.MENTIONS_CLASSIFIED,
        classified,
        OF_ANY_EVENT + OF_A_MENTION + OF_A_CLASSIFICATION,
        ODD + ODD_MENTIONS,
        _unrouted,
    ),
    Story(topics.MENTIONS_PASSED, passed, OF_ANY_EVENT + OF_A_PASS, ODD, _uncounted),
    Story(topics.MENTIONS_CORRECTED, corrected, OF_ANY_EVENT + OF_A_CORRECTION, ODD, _uncorrected),
    Story(topics.ISSUES_LIFECYCLE, opened, OF_ANY_EVENT + OF_AN_ISSUE, ODD, _untimed),
    Story(topics.SLA_ESCALATIONS, warned, OF_ANY_EVENT + OF_A_CLOCK, ODD, _untold),
    Story(topics.FACTS_RECORDED, fact, OF_ANY_EVENT + OF_A_FACT, ODD, _unrecorded),
)
