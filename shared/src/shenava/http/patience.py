"""Ends connections that do not get to the point: a request's head must come within a time, however it drips.

uvicorn waits for ever for the first request of a connection, and for the rest of one that has begun. Whoever opens as
many connections as there may be, and says almost nothing, would keep out everybody else, the probes too.
"""

import asyncio
from datetime import timedelta
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def patient_for(time: timedelta) -> type[asyncio.Protocol]:
    """A protocol for uvicorn that closes a connection whose next request has no whole head after ``time``.

    The time runs from the opening of the connection, then from the end of each answer.
    """
    return cast("type[asyncio.Protocol]", type("Patient", (_Patient,), {"patience": time.total_seconds()}))


class _Patient(HttpToolsProtocol):
    patience: float
    _running_out: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._await_head()

    def _await_head(self) -> None:
        self._head_came()
        self._running_out = self.loop.call_later(self.patience, self._close_if_idle)

    def _head_came(self) -> None:
        if self._running_out is not None:
            self._running_out.cancel()
            self._running_out = None

    def _close_if_idle(self) -> None:
        # A pipelined request may be in hand though its head came before the last answer ended.
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()
