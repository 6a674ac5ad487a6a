"""The durable queue of webhooks: enqueue, claim, record. All of it SQL; what an outcome means is decided elsewhere.

Deliveries of one issue to one endpoint form a line: only its first pending one is claimed, so they arrive in order. A
claim is a lease: when its holder dies the delivery is claimed again and sent again, under the same message id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from router.endpoints import Endpoints
from router.notices import Notice
from shenava.db.database import Transaction
from shenava.ids import derive
from shenava.webhooks.message import serialise
from shenava.webhooks.outcome import Answer, Delivered, Disable, Failure, GaveUp, Outcome, RetryAt, why

# What stands behind another of its line is held: out of the index of what is due, however long the line grows.
_ENQUEUE = """
INSERT INTO deliveries (message_id, endpoint_id, issue_id, type, body, held)
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[]) WITH ORDINALITY
         AS g (message_id, endpoint_id, issue_id, type, body, place)
)
SELECT g.message_id, g.endpoint_id, g.issue_id, g.type, g.body,
       EXISTS (SELECT FROM given f
               WHERE f.endpoint_id = g.endpoint_id AND f.issue_id = g.issue_id AND f.place < g.place)
       OR EXISTS (SELECT FROM deliveries d
                  WHERE d.endpoint_id = g.endpoint_id AND d.issue_id = g.issue_id AND d.state = 'pending')
FROM given g ORDER BY g.place
ON CONFLICT (message_id) DO NOTHING RETURNING id
"""
# The line itself is the law; being held only spares the look at it.
_CLAIM = """
WITH due AS (
  SELECT first.id, given.lease
  FROM unnest($1::text[], $2::int[], $3::interval[]) AS given (endpoint_id, room, lease)
  CROSS JOIN LATERAL (
    SELECT d.id FROM deliveries d
    WHERE d.endpoint_id = given.endpoint_id AND d.state = 'pending' AND NOT d.held AND d.next_attempt_at <= now()
      AND (d.claimed_until IS NULL OR d.claimed_until <= now())
      AND NOT EXISTS (SELECT FROM deliveries earlier
                      WHERE earlier.endpoint_id = d.endpoint_id AND earlier.issue_id = d.issue_id
                        AND earlier.state = 'pending' AND earlier.id < d.id)
    ORDER BY d.next_attempt_at, d.id LIMIT given.room FOR UPDATE SKIP LOCKED
  ) AS first
)
UPDATE deliveries d SET claims = claims + 1, claimed_until = now() + due.lease FROM due WHERE d.id = due.id
RETURNING d.id, d.claims, d.message_id, d.endpoint_id, d.body, d.attempts
"""
_LEDGER = """
INSERT INTO delivery_attempts (delivery_id, claim, started_at, seconds, outcome, status, error, excerpt)
SELECT a.*
FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::float8[], $5::text[], $6::int[], $7::text[], $8::text[])
     AS a (delivery_id, claim, started_at, seconds, outcome, status, error, excerpt)
WHERE EXISTS (SELECT FROM deliveries d WHERE d.id = a.delivery_id)
ON CONFLICT DO NOTHING
"""
# An outcome counts only for the claim it belongs to, and once; but what has arrived has arrived, whoever claimed it
# since. When the first of a line ends, the next goes at once.
_RECORD = """
WITH told AS (
  UPDATE deliveries d
  SET attempts = d.attempts + 1, claimed_until = NULL, state = o.state, next_attempt_at = coalesce(o.due, now()),
      ended_at = CASE WHEN o.state <> 'pending' THEN now() END, last_status = o.status, last_error = o.error
  FROM unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $5::int[], $6::text[])
       AS o (id, claim, state, due, status, error)
  WHERE d.id = o.id AND d.state = 'pending'
    AND (o.state = 'delivered' OR (d.claims = o.claim AND d.claimed_until IS NOT NULL))
  RETURNING d.id, d.endpoint_id, d.issue_id, d.state
)
UPDATE deliveries d SET held = false FROM told
WHERE told.state <> 'pending' AND d.held
  AND d.id = (SELECT min(n.id) FROM deliveries n WHERE n.endpoint_id = told.endpoint_id
              AND n.issue_id = told.issue_id AND n.state = 'pending' AND n.id > told.id)
"""
_RELEASE = """
UPDATE deliveries d SET held = false
WHERE d.state = 'pending' AND d.held AND d.created_at > now() - $1::interval
  AND NOT EXISTS (SELECT FROM deliveries earlier
                  WHERE earlier.endpoint_id = d.endpoint_id AND earlier.issue_id = d.issue_id
                    AND earlier.state = 'pending' AND earlier.id < d.id)
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process alone may attempt until its lease ends.

    Attributes:
        claim: its number among the claims of this delivery; an outcome is recorded under it.
        attempt: its number for the retry schedule, from 1.
        claimed_at: PostgreSQL's time; the attempt follows at once and is signed with it.
    """

    id: int
    claim: int
    message_id: str
    endpoint_id: str
    body: bytes
    attempt: int
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Attempted:
    """What came of one attempt, and how many seconds it took."""

    claimed: Claimed
    result: Answer | Failure
    seconds: float


@dataclass(frozen=True, slots=True)
class Room:
    """How many deliveries an endpoint can take now, and how long their lease is."""

    endpoint_id: str
    free: int
    lease: timedelta


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes the dispatchers of ``schema``."""
    return f"deliveries_{schema}"


def message_id(endpoint_id: str, notice: Notice) -> str:
    """The ``webhook-id`` of every attempt to tell ``endpoint_id`` of ``notice``, however often that is asked for."""
    return derive("delivery", endpoint_id, notice.type, notice.cause_id)


async def enqueue(tx: Transaction, notices: Sequence[Notice], endpoints: Endpoints) -> int:
    """Queue each notice for each endpoint that wants it and wake the dispatchers on commit; returns how many were new.

    Notices of one issue keep their order only if the transaction holds that issue's row lock.
    """
    rows: list[tuple[str, str, str, str, bytes]] = []
    for notice in notices:
        wanting = endpoints.matching(notice)
        body = serialise(notice.type, notice.occurred_at, notice.data) if wanting else b""
        rows += [(message_id(one.id, notice), one.id, notice.issue_id, notice.type, body) for one in wanting]
    if not rows:
        return 0
    new = await tx.driver.fetch(_ENQUEUE, *_columns(rows))
    if new:
        await wake(tx)
    return len(new)


async def wake(tx: Transaction) -> None:
    """Have the dispatchers look at the queue when this transaction commits; equal calls count once."""
    await tx.driver.execute("SELECT pg_notify('deliveries_' || current_schema(), '')")


async def claim(tx: Transaction, rooms: Sequence[Room]) -> list[Claimed]:
    """Take what is due, the longest waiting first, no more of each endpoint than its room."""
    rows = [(room.endpoint_id, room.free, room.lease) for room in rooms if room.free > 0]
    if not rows:
        return []
    return [_claimed(row, tx.now) for row in await tx.driver.fetch(_CLAIM, *_columns(rows))]


async def record(tx: Transaction, ended: Sequence[tuple[Attempted, Outcome]]) -> None:
    """Write attempts and what they mean, in the ledger and in the queue."""
    if not ended:
        return
    await tx.driver.execute(_LEDGER, *_columns([_ledger_row(*one) for one in ended]))
    await tx.driver.execute(_RECORD, *_columns([_queue_row(*one) for one in ended]))


async def release(tx: Transaction, newer_than: timedelta) -> None:
    """Let deliveries go that are held behind nothing, among those queued no longer ago than ``newer_than``.

    It happens when a message is queued while the one before it ends: neither transaction saw the other.
    """
    await tx.driver.execute(_RELEASE, newer_than)


def outcome_name(outcome: Outcome) -> str:
    """One of four words, for the ledger and the metrics."""
    match outcome:
        case Delivered():
            return "delivered"
        case RetryAt():
            return "retry"
        case GaveUp():
            return "given_up"
        case Disable():
            return "disabled"


def _claimed(row: asyncpg.Record, now: datetime) -> Claimed:
    return Claimed(
        id=row["id"],
        claim=row["claims"],
        message_id=row["message_id"],
        endpoint_id=row["endpoint_id"],
        body=row["body"],
        attempt=row["attempts"] + 1,
        claimed_at=now,
    )


def _ledger_row(attempted: Attempted, outcome: Outcome) -> tuple[object, ...]:
    claimed, result = attempted.claimed, attempted.result
    status, detail = _told(result)
    excerpt = result.excerpt if isinstance(result, Answer) and not isinstance(outcome, Delivered) else None
    name = outcome_name(outcome)
    return claimed.id, claimed.claim, claimed.claimed_at, attempted.seconds, name, status, detail, excerpt


def _queue_row(attempted: Attempted, outcome: Outcome) -> tuple[object, ...]:
    claimed = attempted.claimed
    status, _ = _told(attempted.result)
    reason = why(attempted.result) or None
    match outcome:
        case Delivered():
            return claimed.id, claimed.claim, "delivered", None, status, reason
        case RetryAt(when):
            return claimed.id, claimed.claim, "pending", when, status, reason
        case GaveUp():
            return claimed.id, claimed.claim, "given_up", None, status, reason
        case Disable():
            # It stays in the queue, held, and goes on when somebody enables the endpoint.
            return claimed.id, claimed.claim, "pending", None, status, reason


def _told(result: Answer | Failure) -> tuple[int | None, str | None]:
    if isinstance(result, Answer):
        return result.status, None
    return None, f"{result.kind}: {result.detail}"


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
