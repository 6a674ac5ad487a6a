"""Connections that are noticed to be dead: a peer that has gone without a word must cost seconds, not a quarter hour.

Three things see to it. The kernel probes what is idle and gives up on what is not acknowledged. A pooled connection is
asked before it is used, for no longer than it would take to make a new one; if it does not answer, all that were made
before are thrown away with it. And every statement has its time.
"""

import socket
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

DRIVER_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""All that asyncpg may raise; the third when a connection breaks between two of its messages."""
KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""Seconds until an idle connection is probed, seconds between probes, and how many may stay unanswered."""
UNACKNOWLEDGED = timedelta(seconds=30)
_FRESH = "fresh"


def watch(engine: AsyncEngine, patience: timedelta) -> None:
    """Have the connections of ``engine`` watched; one that is idle must answer within ``patience`` to be used."""

    def connected(connection: Any, record: Any) -> None:
        record.info[_FRESH] = True
        keep_alive(connection.driver_connection)

    def taken(connection: Any, record: Any, _: Any) -> None:
        if record.info.pop(_FRESH, False):
            return
        try:
            connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=patience.total_seconds()))
        except DRIVER_FAILURES as error:
            connection.driver_connection.terminate()
            raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "checkout", taken)


def keep_alive(connection: Any) -> None:
    """Have the kernel look after asyncpg's ``connection``; not every system knows every option."""
    told = connection._transport.get_extra_info("socket")  # noqa: SLF001 - asyncpg hands it out nowhere
    told.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {**KEEPALIVE, "TCP_USER_TIMEOUT": int(UNACKNOWLEDGED.total_seconds() * 1000)}
    for name, value in options.items():
        if hasattr(socket, name):
            told.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
