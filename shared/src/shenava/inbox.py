"""The inbox: which events a service has already had, for effects that have no table keyed by the event id.

Where the effect itself fills a table, that table's primary key is the better inbox: it costs nothing more.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from shenava.db.database import Transaction


def create_table() -> None:
    """Called by a service's migration."""
    from alembic import op  # noqa: PLC0415 - only a migration pays for it

    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now(), index=True),
    )


async def first_seen(tx: Transaction, event_ids: Sequence[str]) -> frozenset[str]:
    """Mark ``event_ids`` as seen in this transaction; returns those that were new."""
    rows = await tx.driver.fetch(
        "INSERT INTO inbox (event_id) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING event_id",
        list(event_ids),
    )
    return frozenset(row["event_id"] for row in rows)
