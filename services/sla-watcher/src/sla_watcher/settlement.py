"""Brings locked issues up to their steps inside an open transaction: load, reckon, keep, stage."""

from collections import Counter
from collections.abc import Iterable, Sequence

from shenava import outbox, topics
from shenava.db.database import Transaction
from shenava.events import SlaBreached, SlaEscalated, SlaEvent, SlaFired, SlaMet, SlaVerdictRevised, SlaWarned
from shenava.telemetry import metrics
from sla_watcher import store
from sla_watcher.policy import LevelKind, SlaPolicies
from sla_watcher.reckoning import Known, Outcome, PolicyBook, reckon

NAME = "sla-watcher"

_KINDS: dict[type[SlaFired], LevelKind] = {SlaWarned: "warn", SlaBreached: "breach", SlaEscalated: "escalate"}


class Settlement:
    """Settles issues under the policies in force; one that has ended keeps those that it ended under."""

    def __init__(self, policies: SlaPolicies) -> None:
        self.policies = policies
        self._past: dict[str, SlaPolicies] = {}

    async def __call__(self, tx: Transaction, issue_ids: Iterable[str]) -> list[Outcome]:
        """Settle these issues, which ``tx`` has locked. What it stages is not told unless the transaction commits."""
        known = await store.load(tx, issue_ids)
        book = PolicyBook(self.policies, await self._policies_behind(tx, known))
        outcomes = [(issue.issue_id, reckon(issue, book, tx.now)) for issue in known]
        await store.keep(tx, outcomes)
        await stage(tx, [event for _, outcome in outcomes for event in outcome.events])
        return [outcome for _, outcome in outcomes]

    async def _policies_behind(self, tx: Transaction, known: Sequence[Known]) -> dict[str, SlaPolicies]:
        versions = {clock.policy_version for issue in known for clock in issue.clocks if clock.ended_at is not None}
        unread = versions - self._past.keys() - {self.policies.version}
        if unread:
            self._past |= await store.policies_of(tx, unread)
        return self._past


async def stage(tx: Transaction, events: Iterable[SlaEvent]) -> None:
    """Write ``events`` to the outbox, in their order."""
    await outbox.stage(tx, [(topics.SLA_ESCALATIONS, event) for event in events], source=NAME)


def count(events: Iterable[SlaEvent]) -> None:
    """Count ``events`` in the metrics, once their transaction has committed."""
    told: Counter[tuple[str, LevelKind]] = Counter()
    for event in events:
        if isinstance(event, SlaFired):
            told[event.clock, _KINDS[type(event)]] += 1
            metrics.SLA_LATENESS.observe(event.late_by)
        elif isinstance(event, SlaMet):
            metrics.SLA_ENDED.labels(event.clock, str(event.kept).lower()).inc()
        elif isinstance(event, SlaVerdictRevised):
            metrics.SLA_REVISED.labels(event.clock, event.reason).inc()
    for (clock, kind), number in told.items():
        metrics.SLA_FIRED.labels(clock, kind).inc(number)
