"""Writes what happened: issues' rows and history, the events for the topics, the notices for the webhooks.

All of it in the caller's transaction, which holds the issues' row locks, so the order per issue is the same everywhere.
Issues of the backfill lane are only recorded and projected: no team's own topic and no webhook hears of them. What was
passed goes to its own topic in either lane.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from router import store
from router.deliveries import enqueue
from router.endpoints import Endpoints
from router.issue import Issue
from router.notices import Notice, lifecycle_notice
from shenava import outbox, topics
from shenava.db.database import Transaction
from shenava.events import Event, IssueEvent, IssueRouted, MentionPassed
from shenava.topics import Topic

NAME = "router"


class Happened(NamedTuple):
    """An issue as it is now and the events that made it so; ``handover`` is for the new queue alone."""

    issue: Issue
    events: Sequence[IssueEvent]
    handover: IssueRouted | None = None


async def record(
    tx: Transaction, happened: Sequence[Happened], endpoints: Endpoints, *, passed: Sequence[MentionPassed] = ()
) -> None:
    """Make ``happened`` and ``passed`` true together with ``tx``."""
    if happened:
        await store.save(tx, [one.issue for one in happened], [event for one in happened for event in one.events])
    told: list[tuple[Topic, Event]] = [addressed for one in happened for addressed in _addressed(one)]
    await outbox.stage(tx, [*told, *((topics.MENTIONS_PASSED, event) for event in passed)], source=NAME)
    await enqueue(tx, [notice for one in happened for notice in _notices(one)], endpoints)


def _told(happened: Happened) -> Sequence[IssueEvent]:
    return [*happened.events, happened.handover] if happened.handover else happened.events


def _addressed(happened: Happened) -> Iterator[tuple[Topic, IssueEvent]]:
    for event in happened.events:
        yield topics.ISSUES_LIFECYCLE, event
    if happened.issue.starts_clocks:
        for event in _told(happened):
            if isinstance(event, IssueRouted):
                yield topics.ISSUES_BY_QUEUE[event.queue], event


def _notices(happened: Happened) -> Iterator[Notice]:
    if happened.issue.starts_clocks:
        for event in _told(happened):
            notice = lifecycle_notice(event, happened.issue.queue)
            if notice is not None:
                yield notice
