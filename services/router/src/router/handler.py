"""Routes classified mentions to issues and passes on what the clocks say, a batch in one transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog

from router import store
from router.decide import Pass, Route, assess
from router.deliveries import enqueue
from router.endpoints import Endpoints
from router.facts import facts
from router.fold import Assessed, Folded, fold
from router.notices import sla_notice
from router.recording import Happened, record
from router.rulebook import Rulebook
from router.rulebook_watch import RulebookInForce
from shenava.db.database import Database, Transaction
from shenava.errors import Invalid
from shenava.events import IssueOpened, MentionClassified, SlaEvent
from shenava.kafka.consumer import Inbound
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)


class RouteMentions:
    """The handler of the consumer loop.

    Args:
        merge_window: how long after its latest mention an open issue takes more.
    """

    def __init__(
        self, database: Database, rulebook: RulebookInForce, endpoints: Endpoints, merge_window: timedelta
    ) -> None:
        self._database = database
        self._rulebook = rulebook
        self._endpoints = endpoints
        self._merge_window = merge_window

    async def __call__(self, batch: Sequence[Inbound]) -> None:
        """Handle ``batch``; returns once its effects are committed.

        Raises:
            Invalid: something in it cannot be kept, such as a NUL character or a time at the end of the calendar.
        """
        rulebook = self._rulebook.current
        mentions = {i.event.event_id: i.event for i in batch if isinstance(i.event, MentionClassified)}
        told = [notice for i in batch if isinstance(i.event, SlaEvent) and (notice := sla_notice(i.event))]
        # The rulebook is asked before any lock is held; a repeat costs that much, and nothing else.
        assessed = [Assessed(event, _assess(event, rulebook)) for event in mentions.values()]
        async with self._database.transaction() as tx:
            new, folded = await self._route(tx, assessed)
            await enqueue(tx, told, self._endpoints)
        _report(new, folded)

    async def _route(self, tx: Transaction, assessed: Sequence[Assessed]) -> tuple[list[Assessed], Folded]:
        event_ids = await store.record_mentions(tx, assessed) if assessed else ()
        new = [one for one in assessed if one.event.event_id in event_ids]
        if not new:
            return [], Folded()
        folded = fold(new, await store.board(tx, new), self._merge_window, tx.now)
        await store.point_keys(tx, folded.keys)
        await store.add_memberships(tx, folded.memberships)
        happened = [Happened(story.issue, story.events) for story in folded.stories.values()]
        await record(tx, happened, self._endpoints, passed=folded.passed)
        return new, folded


def _assess(event: MentionClassified, rulebook: Rulebook) -> Pass | Route:
    try:
        return assess(facts(event), rulebook)
    except OverflowError as error:
        pointer = "/mention/posted_at"
        raise Invalid("time_out_of_range", "the time is at the end of the calendar", pointer=pointer) from error


def _report(new: Iterable[Assessed], folded: Folded) -> None:
    """Count what was committed and say loudly which rules failed."""
    for event, verdict in new:
        for failure in verdict.failures if isinstance(verdict, Route) else ():
            metrics.RULE_ERRORS.labels(failure.rule_id).inc()
            log.error("rule_failed", rule=failure.rule_id, reason=failure.reason, event_id=event.event_id)
    for rule_id, count in Counter(event.rule_id for event in folded.passed).items():
        metrics.MENTIONS_PASSED.labels(rule_id).inc(count)
    metrics.MENTIONS_MERGED.inc(folded.merged)
    for story in folded.stories.values():
        if isinstance(story.events[0], IssueOpened) and story.issue.queue and story.issue.decision:
            metrics.ISSUES.labels(story.issue.queue).inc()
            metrics.ISSUES_FALLBACK.inc(story.issue.decision.fallback)
