"""How each endpoint is doing, kept in PostgreSQL so that all dispatchers agree: SQL around the pure circuit."""

from collections.abc import Iterable, Mapping

import asyncpg

from router.deliveries import wake
from shenava.db.database import Transaction
from shenava.webhooks.circuit import Circuit

_READ = "SELECT endpoint_id, failures, failing_since, open_until, disabled FROM endpoint_state"
# In one order, so that two dispatchers never wait for each other in a ring.
_LOCK = f"{_READ} WHERE endpoint_id = ANY($1::text[]) ORDER BY endpoint_id FOR UPDATE"
_WRITE = """
INSERT INTO endpoint_state (endpoint_id, failures, failing_since, open_until, disabled)
SELECT * FROM unnest($1::text[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::text[])
ON CONFLICT (endpoint_id) DO UPDATE SET failures = excluded.failures, failing_since = excluded.failing_since,
  open_until = excluded.open_until, disabled = excluded.disabled, changed_at = now()
"""


async def circuits(tx: Transaction) -> dict[str, Circuit]:
    """Every endpoint that is not in perfect health, or once was not."""
    return _by_id(await tx.driver.fetch(_READ))


async def locked(tx: Transaction, endpoint_ids: Iterable[str]) -> dict[str, Circuit]:
    """The circuits of these endpoints, which nobody else changes until this transaction ends."""
    return _by_id(await tx.driver.fetch(_LOCK, sorted(set(endpoint_ids))))


async def write(tx: Transaction, changed: Mapping[str, Circuit]) -> None:
    """Store what has changed."""
    rows = [(name, c.failures, c.failing_since, c.open_until, c.disabled) for name, c in sorted(changed.items())]
    if rows:
        await tx.driver.execute(_WRITE, *map(list, zip(*rows, strict=True)))


async def enable(tx: Transaction, endpoint_id: str) -> bool:
    """Send to a disabled endpoint again, beginning with what it has missed; False if it was not disabled."""
    found = await locked(tx, [endpoint_id])
    if found.get(endpoint_id, Circuit()).disabled is None:
        return False
    await write(tx, {endpoint_id: Circuit()})
    await wake(tx)
    return True


def _by_id(rows: Iterable[asyncpg.Record]) -> dict[str, Circuit]:
    return {
        row["endpoint_id"]: Circuit(row["failures"], row["failing_since"], row["open_until"], row["disabled"])
        for row in rows
    }
