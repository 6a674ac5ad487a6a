"""Looking back at deliveries: what was tried, what is still to come, and sending it once more on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from router.deliveries import wake
from shenava.db.database import Transaction

PRUNED_AT_ONCE = 1_000

_OF_ISSUE = """
SELECT id, message_id, endpoint_id, type, state, created_at, ended_at, attempts, last_status, last_error,
       CASE WHEN state = 'pending' AND NOT held THEN next_attempt_at END AS next_attempt_at
FROM deliveries WHERE issue_id = $1 ORDER BY id
"""
_AGAIN = """
UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = now(), ended_at = NULL, claimed_until = NULL
WHERE state <> 'pending' AND {which}
RETURNING id
"""
_BY_ID = _AGAIN.format(which="id = ANY($1::bigint[])")
_BY_TIME = _AGAIN.format(which="endpoint_id = $1 AND created_at >= $2 AND created_at < $3")
_PRUNE = """
DELETE FROM deliveries WHERE id IN (
  SELECT id FROM deliveries WHERE state <> 'pending' AND ended_at < now() - $1::interval
  ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
_BACKLOGS = """
SELECT endpoint_id, count(*) AS deliveries, extract(epoch FROM now() - min(created_at))::float8 AS oldest_seconds
FROM deliveries WHERE state = 'pending' GROUP BY endpoint_id
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery as it stands.

    Attributes:
        next_attempt_at: when it is tried next; None if it has ended or an earlier one of its issue has not.
        last_error: why the last attempt failed: a short constant code.
    """

    id: int
    message_id: str
    endpoint_id: str
    type: str
    state: str
    created_at: datetime
    ended_at: datetime | None
    attempts: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Deliveries that have not ended, and how long the oldest of them is waiting."""

    deliveries: int = 0
    oldest_seconds: float = 0.0


async def of_issue(tx: Transaction, issue_id: str) -> list[Entry]:
    """Every delivery of an issue, in the order of the queue."""
    return [Entry(**dict(row)) for row in await tx.driver.fetch(_OF_ISSUE, issue_id)]


async def replay(tx: Transaction, delivery_ids: Sequence[int]) -> int:
    """Send these ended deliveries again, under their old message ids; returns how many there were."""
    return await _again(tx, _BY_ID, list(delivery_ids))


async def replay_range(tx: Transaction, endpoint_id: str, since: datetime, until: datetime) -> int:
    """Send an endpoint again what was queued for it from ``since`` and before ``until``, under the old message ids."""
    return await _again(tx, _BY_TIME, endpoint_id, since, until)


async def prune(tx: Transaction, retention: timedelta) -> int:
    """Forget deliveries that ended longer ago than ``retention``, some at a time; returns how many."""
    done = await tx.driver.execute(_PRUNE, retention, PRUNED_AT_ONCE)
    return int(done.rpartition(" ")[2])


async def backlogs(tx: Transaction) -> dict[str, Backlog]:
    """What has not ended, by endpoint."""
    rows = await tx.driver.fetch(_BACKLOGS)
    return {row["endpoint_id"]: Backlog(row["deliveries"], row["oldest_seconds"]) for row in rows}


async def _again(tx: Transaction, statement: str, *arguments: object) -> int:
    rows = await tx.driver.fetch(statement, *arguments)
    if rows:
        await wake(tx)
    return len(rows)
