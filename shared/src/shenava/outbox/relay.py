"""The relay: sends staged rows in id order, awaits the acknowledgement, then removes them.

One relay per outbox is active, held by an advisory lock on a connection of its own; others stand by. It is woken by the
commit's NOTIFY and sweeps every second besides, so a crash between send and removal costs a repeat, never a loss.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from zlib import crc32

import asyncpg
import structlog

from shenava.crash_points import reach
from shenava.db.connections import DRIVER_FAILURES
from shenava.db.database import Database
from shenava.errors import Transient
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.kafka.producer import Producer
from shenava.outbox.stage import channel, unpack_headers
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
BATCH_ROWS = 1000

_NEXT = "SELECT id, topic, key, value, headers FROM outbox ORDER BY id LIMIT $1"
_DEPTH = (
    "SELECT count(*) AS rows, coalesce(extract(epoch FROM now() - min(staged_at)), 0)::float8 AS oldest FROM outbox"
)


class Relay:
    """Sends one schema's outbox."""

    def __init__(self, database: Database, producer: Producer) -> None:
        self._database = database
        self._producer = producer
        self._lock_key = crc32(f"outbox {database.schema}".encode())
        self._woken = asyncio.Event()
        self.active = False

    async def run(self, stop: asyncio.Event) -> None:
        """Relay, or stand by for the one that does, until ``stop``; what is staged by then is sent first."""
        while not stop.is_set():
            try:
                await self._with_connection(stop)
            except (Transient, WriteFailed, *DRIVER_FAILURES) as error:
                log.warning("relay_interrupted", reason=repr(error)[:300])
                await self._stand_by(stop)
        log.info("relay_stopped")

    async def _with_connection(self, stop: asyncio.Event) -> None:
        connection = await self._database.dedicated()
        try:
            await connection.add_listener(channel(self._database.schema), self._wake)
            while not stop.is_set():
                if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", self._lock_key):
                    await self._stand_by(stop)
                    continue
                await self._relay(connection, stop)
        finally:
            self.active = False
            metrics.OUTBOX_ACTIVE.set(0)
            # A broken connection has let the lock go already; closing it again must not hide the cause.
            connection.terminate()

    async def _relay(self, connection: "asyncpg.Connection[asyncpg.Record]", stop: asyncio.Event) -> None:
        self.active = True
        metrics.OUTBOX_ACTIVE.set(1)
        log.info("relay_active", schema=self._database.schema)
        while True:
            stopping = stop.is_set()
            self._woken.clear()
            while await self.send_next(connection):
                pass
            await self._measure(connection)
            if stopping:
                return
            await self._sleep(stop)

    async def send_next(self, connection: "asyncpg.Connection[asyncpg.Record]") -> int:
        """Send and remove the next rows; returns how many."""
        rows = await connection.fetch(_NEXT, BATCH_ROWS)
        if rows:
            await self._producer.send([_outbound(row) for row in rows])
            reach("relay.sent")
            await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
            metrics.OUTBOX_RELAYED.inc(len(rows))
        return len(rows)

    async def _measure(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        depth = await connection.fetchrow(_DEPTH)
        if depth is not None:
            metrics.OUTBOX_PENDING.set(depth["rows"])
            metrics.OUTBOX_OLDEST.set(depth["oldest"])

    async def _stand_by(self, stop: asyncio.Event) -> None:
        """A sweep's time, whatever is staged meanwhile: it is not ours to send."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)

    async def _sleep(self, stop: asyncio.Event) -> None:
        """Until something is staged, but no longer than a sweep's time."""
        waits: Sequence[asyncio.Task[bool]] = [asyncio.create_task(e.wait()) for e in (self._woken, stop)]
        await asyncio.wait(waits, timeout=SWEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def _wake(self, *_: object) -> None:
        self._woken.set()


def _outbound(row: asyncpg.Record) -> Outbound:
    return Outbound(row["topic"], row["key"], row["value"], unpack_headers(row["headers"]))
