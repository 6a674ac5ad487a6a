"""Writes to Kafka for waiting callers: nothing is promised that is not acknowledged, nothing waits without bound."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from ingestor.settings import IngestSettings
from shenava.http.problems import unavailable
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.telemetry import metrics

Send = Callable[[Sequence[Outbound]], Coroutine[Any, Any, None]]


class Intake:
    """Records on their way to Kafka.

    What a caller no longer waits for is still on its way and counts until its end, so the bound on memory holds while
    Kafka is away too.

    Args:
        send: writes records and returns once all are acknowledged, as ``Producer.send``.
    """

    def __init__(self, send: Send, settings: IngestSettings) -> None:
        self._send = send
        self._patience = settings.ack_timeout.total_seconds()
        self._max_records = settings.max_waiting
        self._max_bytes = settings.max_waiting_bytes
        self._records = 0
        self._bytes = 0
        self._writing: set[asyncio.Task[None]] = set()
        metrics.INGEST_WAITING.set_function(lambda: self._records)

    async def take(self, records: Sequence[Outbound]) -> None:
        """Write ``records``; return once Kafka has acknowledged all of them.

        Raises:
            Problem: 503 with Retry-After: too much is waiting already, the write failed, or its acknowledgement did
                not come in time. It may have been written even so: sending it again is harmless.
        """
        size = sum(len(record.value or b"") for record in records)
        # A request alone is never refused for its size: that is what the limits on bodies and items are for.
        if self._records and (self._records + len(records) > self._max_records or self._bytes + size > self._max_bytes):
            raise unavailable(f"{self._records:,} records wait for Kafka already; send the same again later")
        writing = self._write(records, size)
        await asyncio.wait((writing,), timeout=self._patience)
        if not writing.done():
            raise unavailable(
                f"Kafka did not acknowledge within {self._patience:g} s; send the same again, a repeat does no harm"
            )
        if isinstance(error := writing.exception(), WriteFailed):
            raise unavailable("Kafka did not take it; send the same again, a repeat does no harm") from error
        writing.result()

    def _write(self, records: Sequence[Outbound], size: int) -> "asyncio.Task[None]":
        self._records += len(records)
        self._bytes += size
        writing = asyncio.create_task(self._send(records))
        self._writing.add(writing)
        writing.add_done_callback(partial(self._written, len(records), size))
        return writing

    def _written(self, records: int, size: int, writing: "asyncio.Task[None]") -> None:
        self._writing.discard(writing)
        self._records -= records
        self._bytes -= size
        if not writing.cancelled():
            writing.exception()  # the caller may be gone; it has been told to send again
