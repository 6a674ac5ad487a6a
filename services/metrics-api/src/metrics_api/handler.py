"""Projects a batch of events into the tables, in one transaction."""

from collections.abc import Sequence

import asyncpg

from metrics_api import store
from metrics_api.projection import changes
from shenava import topics
from shenava.db.database import Database
from shenava.errors import Invalid
from shenava.kafka.consumer import Inbound
from shenava.telemetry import metrics

NAME = "metrics-api"

_TOPICS = {
    "mentions": topics.MENTIONS_CLASSIFIED,
    "passed": topics.MENTIONS_PASSED,
    "corrections": topics.MENTIONS_CORRECTED,
    "issue_events": topics.ISSUES_LIFECYCLE,
    "sla": topics.SLA_ESCALATIONS,
    "facts": topics.FACTS_RECORDED,
}
TOPICS = tuple(_TOPICS.values())


class Project:
    """The handler of the consumer loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, batch: Sequence[Inbound]) -> None:
        """Write what is new in ``batch``.

        Raises:
            Invalid: an event cannot be told in the tables: an instant outside the calendar, a NUL, a number too large.
            Transient: the database is away.
        """
        asked = changes(inbound.event for inbound in batch)
        try:
            async with self._database.transaction() as tx:
                new = await store.apply(tx, asked)
        except asyncpg.DataError as error:
            raise Invalid("unstorable_value", f"PostgreSQL cannot hold a value of this event: {error}"[:500]) from error
        for kind, topic in _TOPICS.items():
            told, fresh = len(getattr(asked, kind)), getattr(new, kind)
            metrics.PROJECTED.labels(topic.name, "new").inc(fresh)
            metrics.PROJECTED.labels(topic.name, "repeated").inc(told - fresh)
