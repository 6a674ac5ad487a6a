"""All SQL of the service.

The row of ``issues`` is the lock: whoever holds it may write the clocks and timers of that issue and stage its events.
The consumer's side waits for it in sorted order, the watcher's side skips what is held. JSON goes to and fro as text:
the engine has put its own ideas of JSON on the connection.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

import asyncpg
import msgspec

from shenava.db.database import Transaction
from sla_watcher.lifecycle import Step
from sla_watcher.policy import SlaPolicies, build
from sla_watcher.reckoning import Known, Outcome
from sla_watcher.timers import Timer
from sla_watcher.verdicts import ClockRecord

S = TypeVar("S", bound=msgspec.Struct)

# With WHERE false the row is locked and not written again.
_LOCK = (
    "INSERT INTO issues (issue_id) SELECT DISTINCT unnest($1::text[]) ORDER BY 1"
    " ON CONFLICT (issue_id) DO UPDATE SET issue_id = EXCLUDED.issue_id WHERE false"
)
_KEEP_STEPS = """
INSERT INTO issue_events (issue_id, sequence, step)
SELECT * FROM unnest($1::text[], $2::integer[], $3::text[]::jsonb[])
ON CONFLICT DO NOTHING RETURNING issue_id
"""
_KEEP_CLOCKS = """
INSERT INTO clocks SELECT * FROM json_populate_recordset(NULL::clocks, $1::text::json)
ON CONFLICT (issue_id, round, clock) DO UPDATE SET
    (policy, policy_version, queue, severity, complaint_at, routed_at, acknowledged_at, started_at, deadline_at,
     resting, stopped_at, ended_at, kept, said_kept, met, revision)
  = (EXCLUDED.policy, EXCLUDED.policy_version, EXCLUDED.queue, EXCLUDED.severity, EXCLUDED.complaint_at,
     EXCLUDED.routed_at, EXCLUDED.acknowledged_at, EXCLUDED.started_at, EXCLUDED.deadline_at, EXCLUDED.resting,
     EXCLUDED.stopped_at, EXCLUDED.ended_at, EXCLUDED.kept, EXCLUDED.said_kept, EXCLUDED.met, EXCLUDED.revision)
"""
_KEEP_TIMERS = """
INSERT INTO timers SELECT * FROM json_populate_recordset(NULL::timers, $1::text::json)
ON CONFLICT (issue_id, round, clock, level) DO UPDATE SET
    (rung, kind, tell, due_at, fired_at, cancelled_at)
  = (EXCLUDED.rung, EXCLUDED.kind, EXCLUDED.tell, EXCLUDED.due_at, EXCLUDED.fired_at, EXCLUDED.cancelled_at)
WHERE timers.fired_at IS NULL
"""
# The lower bound steps over the index entries of what was fired already, which a held snapshot keeps from vanishing.
_CLAIM = """
SELECT t.issue_id, t.due_at FROM timers t JOIN issues i USING (issue_id)
WHERE t.due_at >= $1 AND t.due_at <= now() AND t.fired_at IS NULL AND t.cancelled_at IS NULL
ORDER BY t.due_at LIMIT $2 FOR UPDATE OF i SKIP LOCKED
"""
# Everything of the claimed issues up to the last claimed, read after they were locked: no level overtakes another.
# What is pending is said so that the index of due timers does not fit: its whole past would be read for each claim.
_FIRE = """
WITH due AS (
    UPDATE timers SET fired_at = now()
    WHERE issue_id = ANY($1::text[]) AND due_at <= $2 AND coalesce(fired_at, cancelled_at) IS NULL
    RETURNING *
)
SELECT clocks.*, due.level, due.rung, due.kind, due.tell, due.due_at, due.fired_at, due.cancelled_at
FROM due JOIN clocks USING (issue_id, round, clock) ORDER BY due.due_at, issue_id, clock, due.rung
"""
_SAY_BREACHED = """
UPDATE clocks SET said_kept = false FROM unnest($1::text[], $2::integer[], $3::text[]) AS b (issue_id, round, clock)
WHERE (clocks.issue_id, clocks.round, clocks.clock) = (b.issue_id, b.round, b.clock)
"""
_NEXT_DUE = """
SELECT extract(epoch FROM min(due_at) - now())::float8 FROM timers
WHERE due_at > now() AND fired_at IS NULL AND cancelled_at IS NULL
"""
_RUNNING = "SELECT clock, count(*) AS running FROM clocks WHERE ended_at IS NULL GROUP BY clock"
_PENDING = """
SELECT min(due_at) FILTER (WHERE due_at <= now()) AS oldest_due,
       (SELECT min(due_at) FROM timers WHERE due_at > now() AND fired_at IS NULL AND cancelled_at IS NULL) AS next_due
FROM (SELECT min(due_at) AS due_at FROM timers WHERE fired_at IS NULL AND cancelled_at IS NULL) AS first
"""
_ACTIVATE = """
INSERT INTO policies (version, speed, document) VALUES ($1, $2, $3::text::jsonb)
ON CONFLICT (version) DO UPDATE SET activated_at = now()
"""
# While two versions run side by side during a rollout, only the one that was put in force last is adopted.
_UNDER_OTHER_POLICIES = """
SELECT DISTINCT issue_id FROM clocks
WHERE ended_at IS NULL AND policy_version <> $1 AND issue_id > $2
  AND $1 = (SELECT version FROM policies ORDER BY activated_at DESC, version LIMIT 1)
ORDER BY issue_id LIMIT $3
"""


class Claimed(NamedTuple):
    """An issue that has a timer due, now locked by this transaction."""

    issue_id: str
    due_at: datetime


class Pending(NamedTuple):
    """The front of the queue of timers."""

    oldest_due: datetime | None
    next_due: datetime | None
    running: dict[str, int]


async def lock(tx: Transaction, issue_ids: Sequence[str]) -> None:
    """Hold these issues until the transaction ends; those never heard of are entered."""
    await tx.driver.execute(_LOCK, issue_ids)


async def keep_steps(tx: Transaction, steps: Sequence[tuple[str, Step]]) -> frozenset[str]:
    """Store the steps that are new; returns the issues they belong to. The issues must be locked."""
    rows = await tx.driver.fetch(
        _KEEP_STEPS,
        [issue_id for issue_id, _ in steps],
        [step.sequence for _, step in steps],
        [msgspec.json.encode(step).decode() for _, step in steps],
    )
    return frozenset(row["issue_id"] for row in rows)


async def load(tx: Transaction, issue_ids: Iterable[str]) -> list[Known]:
    """What is stored of these issues, sorted by id; an issue without steps is left out."""
    ids = list(issue_ids)
    steps: defaultdict[str, list[Step]] = defaultdict(list)
    clocks: defaultdict[str, list[ClockRecord]] = defaultdict(list)
    timers: defaultdict[str, list[Timer]] = defaultdict(list)
    for row in await tx.driver.fetch("SELECT issue_id, step::text FROM issue_events WHERE issue_id = ANY($1)", ids):
        steps[row["issue_id"]].append(msgspec.json.decode(row["step"], type=Step))
    for row in await tx.driver.fetch("SELECT * FROM clocks WHERE issue_id = ANY($1) ORDER BY round, clock", ids):
        clocks[row["issue_id"]].append(_struct(row, ClockRecord))
    for row in await tx.driver.fetch("SELECT * FROM timers WHERE issue_id = ANY($1) ORDER BY due_at, rung", ids):
        timers[row["issue_id"]].append(_struct(row, Timer))
    return [Known(i, tuple(steps[i]), tuple(clocks[i]), tuple(timers[i])) for i in sorted(steps)]


async def keep(tx: Transaction, outcomes: Sequence[tuple[str, Outcome]]) -> None:
    """Store the clocks and timers of issues as they shall stand; a timer that has fired is left as it is."""
    clocks = [clock for _, outcome in outcomes for clock in outcome.clocks]
    timers = [
        {"issue_id": issue_id, **msgspec.structs.asdict(timer)}
        for issue_id, outcome in outcomes
        for timer in outcome.timers
    ]
    if clocks:
        await tx.driver.execute(_KEEP_CLOCKS, msgspec.json.encode(clocks).decode())
    if timers:
        await tx.driver.execute(_KEEP_TIMERS, msgspec.json.encode(timers).decode())


async def claim(tx: Transaction, due_from: datetime, limit: int) -> list[Claimed]:
    """Lock up to ``limit`` due timers' issues that nobody holds, those due first first, none due before ``due_from``.

    An issue is named once for each of its timers.
    """
    return [Claimed(*row) for row in await tx.driver.fetch(_CLAIM, due_from, limit)]


async def fire(tx: Transaction, claimed: Sequence[Claimed]) -> list[tuple[ClockRecord, Timer]]:
    """Mark as fired what is due of the claimed issues; returns it in the order of falling due."""
    rows = await tx.driver.fetch(_FIRE, list({issue.issue_id for issue in claimed}), claimed[-1].due_at)
    told = [(_struct(row, ClockRecord), _struct(row, Timer)) for row in rows]
    breached = [clock for clock, timer in told if timer.kind == "breach"]
    if breached:
        keys = [(clock.issue_id, clock.round, clock.clock) for clock in breached]
        await tx.driver.execute(_SAY_BREACHED, *map(list, zip(*keys, strict=True)))
    return told


async def seconds_to_next_due(tx: Transaction) -> float | None:
    """How long until the next timer falls due, by PostgreSQL's clock; None when there is none."""
    seconds: float | None = await tx.driver.fetchval(_NEXT_DUE)
    return seconds


async def pending(tx: Transaction) -> Pending:
    """What is overdue, what comes next, and how many clocks run."""
    row = await tx.driver.fetchrow(_PENDING)
    running = {row["clock"]: row["running"] for row in await tx.driver.fetch(_RUNNING)}
    return Pending(row["oldest_due"] if row else None, row["next_due"] if row else None, running)


async def activate(tx: Transaction, policies: SlaPolicies) -> None:
    """Enter ``policies`` as those in force from now on."""
    document = msgspec.json.encode(policies.document).decode()
    await tx.driver.execute(_ACTIVATE, policies.version, policies.speed, document)


async def policies_of(tx: Transaction, versions: Iterable[str]) -> dict[str, SlaPolicies]:
    """Policies that were in force once, by version."""
    rows = await tx.driver.fetch(
        "SELECT version, speed, document::text FROM policies WHERE version = ANY($1)", sorted(set(versions))
    )
    return {row["version"]: build(msgspec.json.decode(row["document"]), speed=row["speed"]) for row in rows}


async def under_other_policies(tx: Transaction, version: str, *, after: str, limit: int) -> list[str]:
    """Issues, by id beyond ``after``, with clocks that run under policies other than ``version``.

    None at all while another version has been put in force later.
    """
    return [row["issue_id"] for row in await tx.driver.fetch(_UNDER_OTHER_POLICIES, version, after, limit)]


def _struct(row: asyncpg.Record, kind: type[S]) -> S:
    return msgspec.convert(dict(row), type=kind)
