"""Reads what happens to issues and brings their clocks up to it, a batch in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shenava.db.database import Database
from shenava.events import IssueEvent
from shenava.kafka.consumer import Inbound
from sla_watcher import store
from sla_watcher.lifecycle import step_of
from sla_watcher.settlement import Settlement, count

Wake = Callable[[datetime], None]

# Longer than any transaction, so what fell due while this one was open counts; the watcher finds the rest by itself.
SOON = timedelta(minutes=1)


class FollowIssues:
    """The handler of the consumer loop.

    Args:
        wake: told after a commit when the first timer of the issues it touched falls due, if that is soon.
    """

    def __init__(self, database: Database, settle: Settlement, wake: Wake) -> None:
        self._database = database
        self._settle = settle
        self._wake = wake

    async def __call__(self, batch: Sequence[Inbound]) -> None:
        """Take in the events of ``batch`` that are new. Repeats change nothing.

        Raises:
            Invalid: an event says what no clock can be kept with; nothing of the batch is taken in.
            Transient: the database is away.
        """
        await self.follow([inbound.event for inbound in batch if isinstance(inbound.event, IssueEvent)])

    async def follow(self, events: Sequence[IssueEvent]) -> None:
        """Take in ``events``, in any order; see :meth:`__call__`."""
        seen = [(event.issue_id, step_of(event)) for event in events]
        steps = [(issue_id, step) for issue_id, step in seen if step is not None]
        if not steps:
            return
        async with self._database.transaction() as tx:
            await store.lock(tx, [issue_id for issue_id, _ in steps])
            outcomes = await self._settle(tx, await store.keep_steps(tx, steps))
        count(event for outcome in outcomes for event in outcome.events)
        due_at = min((outcome.first_due for outcome in outcomes if outcome.first_due), default=None)
        if due_at is not None and due_at <= tx.now + SOON:
            self._wake(due_at)
