"""Writes to Kafka for waiting callers: nothing is promised that is not acknowledged, nothing waits without bound."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from ingestor.settings import IngestSettings
from shenava.crash_points import reach
from shenava.http.problems import unavailable
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.telemetry import metrics

Send = Callable[[Sequence[Outbound]], Awaitable[None]]


class Intake:
    """Records on their way to Kafka.

    What a caller no longer waits for is still on its way and counts until its end, so the bound on memory holds while
    Kafka is away too. While there is such a write, one caller at a time waits for Kafka to answer again, and the others
    are refused at once.

    Args:
        send: what it returns ends once all the records are acknowledged: ``Producer.begin``, or a coroutine function.
    """

    def __init__(self, send: Send, settings: IngestSettings) -> None:
        self._send = send
        self._patience = settings.ack_timeout.total_seconds()
        self._max_records = settings.max_waiting
        self._max_bytes = settings.max_waiting_bytes
        self._records = 0
        self._bytes = 0
        self._writing: set[asyncio.Future[None]] = set()
        self._overdue: set[asyncio.Future[None]] = set()
        metrics.INGEST_WAITING.set_function(lambda: self._records)

    async def take(self, records: Sequence[Outbound]) -> None:
        """Write ``records``; return once Kafka has acknowledged all of them.

        Raises:
            Problem: 503 with Retry-After: Kafka is known to be silent, too much is waiting already, the write failed,
                or its acknowledgement did not come in time. It may have been written even so: sending it again is
                harmless.
        """
        if self._overdue and len(self._overdue) < len(self._writing):
            raise unavailable(f"Kafka has not acknowledged for {self._patience:g} s; send the same again later")
        size = sum([len(record.value or b"") for record in records])
        # A request alone is never refused for its size: that is what the limits on bodies and items are for.
        if self._records and (self._records + len(records) > self._max_records or self._bytes + size > self._max_bytes):
            raise unavailable(f"{self._records:,} records wait for Kafka already; send the same again later")
        writing = asyncio.ensure_future(self._send(records))
        if not writing.done():
            await self._wait(writing, len(records), size)
        if not writing.done():
            self._overdue.add(writing)
            raise unavailable(
                f"Kafka did not acknowledge within {self._patience:g} s; send the same again, a repeat does no harm"
            )
        if isinstance(error := writing.exception(), WriteFailed):
            raise unavailable("Kafka did not take it; send the same again, a repeat does no harm") from error
        writing.result()
        reach("ingestor.acknowledged")

    async def _wait(self, writing: "asyncio.Future[None]", records: int, size: int) -> None:
        """Until ``writing`` ends or the caller's patience does; it counts as waiting until its own end."""
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[None] = loop.create_future()
        self._records += records
        self._bytes += size
        self._writing.add(writing)
        writing.add_done_callback(partial(self._written, records, size, heard))
        late = loop.call_later(self._patience, _tell, heard)
        try:
            await heard
        finally:
            late.cancel()

    def _written(self, records: int, size: int, heard: "asyncio.Future[None]", writing: "asyncio.Future[None]") -> None:
        self._writing.discard(writing)
        self._records -= records
        self._bytes -= size
        self._overdue.discard(writing)
        if not writing.cancelled() and writing.exception() is None:
            # The caller may be gone and told to send again; but Kafka answers, so others are let in.
            self._overdue.clear()
        _tell(heard)


def _tell(heard: "asyncio.Future[None]") -> None:
    if not heard.done():
        heard.set_result(None)
