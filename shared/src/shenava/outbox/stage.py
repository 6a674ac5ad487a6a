"""Staging: an event becomes true together with its cause, or not at all."""

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from shenava.codec import encode
from shenava.db.database import Transaction
from shenava.events import Event
from shenava.topics import Topic


def create_table() -> None:
    """Called by a service's migration."""
    from alembic import op  # noqa: PLC0415 - only a migration pays for it

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes the relay of ``schema``, in whichever process it is."""
    return f"outbox_{schema}"


async def stage(tx: Transaction, events: Iterable[tuple[Topic, Event]], *, source: str) -> None:
    """Write ``events`` to the outbox, in their order, and wake the relay when the transaction commits.

    Events of one key keep their order only if the transaction holds that key's row lock before it stages.

    Raises:
        Invalid: an event is larger than a topic takes.
    """
    rows = [(topic.name, *encode(event, source=source)) for topic, event in events]
    if not rows:
        return
    await tx.driver.execute(
        "INSERT INTO outbox (topic, key, value, headers)"
        " SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[])",
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [pack_headers(row[3]) for row in rows],
    )
    # One NOTIFY a transaction: PostgreSQL folds equal ones, and takes its global lock once.
    await tx.driver.execute("SELECT pg_notify('outbox_' || current_schema(), '')")


def pack_headers(headers: Iterable[tuple[str, bytes]]) -> bytes:
    """Headers as one value (MessagePack: names and values may hold any byte)."""
    return msgspec.msgpack.encode(list(headers))


def unpack_headers(packed: bytes) -> list[tuple[str, bytes]]:
    """The headers that :func:`pack_headers` packed."""
    return msgspec.msgpack.decode(packed, type=list[tuple[str, bytes]])
