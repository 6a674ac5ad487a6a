"""One engine per service and the one way to open a transaction on it.

Inside a transaction there is no HTTP and no Kafka call, ever. SQLAlchemy Core speaks through ``tx.sql``; the hot paths
use ``tx.driver``, the asyncpg connection below it, in the same transaction.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shenava.crash_points import reach
from shenava.db.connections import DRIVER_FAILURES, keep_alive, watch
from shenava.errors import Fatal, Invalid, Transient
from shenava.settings import PostgresSettings

# SQLSTATE classes after which the same work may succeed: connection, resources, operator intervention, system error;
# and serialization failure, deadlock, lock not available.
_LOGIN_CLASSES = ("28", "3D")
_TRANSIENT_CLASSES = ("08", "53", "57", "58")
_TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "25P03"})
# Values that no column of the type takes: refused by asyncpg, too long, out of range, no date, no character of the
# encoding, no text of the type.
_UNSTORABLE_STATES = frozenset({"22000", "22001", "22003", "22007", "22008", "22021", "22P02", "22P05"})
_NOW = text("SELECT now()")


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction; it commits when its block ends and rolls back when the block raises.

    Attributes:
        now: PostgreSQL's own time of this transaction, the only clock that deadlines are compared with.
    """

    sql: AsyncConnection
    driver: "asyncpg.Connection[asyncpg.Record]"
    now: datetime


class Database:
    """The service's engine; use as an async context manager.

    Args:
        schema: the service's own schema, which is first and alone in the search path.
    """

    def __init__(self, settings: PostgresSettings, *, schema: str, service: str) -> None:
        self.schema = schema
        self._settings = settings
        self._engine = _engine(settings, schema=schema, service=service)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._engine.dispose()

    @property
    def engine(self) -> AsyncEngine:
        """For the migration runner."""
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction.

        Raises:
            Transient: the database is away, overloaded or broke the transaction; the same work may be tried again.
            Invalid: a value cannot be stored, whoever tries: the fault is in the message it came with.
        """
        try:
            async with self._connected() as tx:
                yield tx
                reach("transaction.written")
                await tx.sql.commit()
        except FAILURES as error:
            raise_if_transient(error)
            _raise_if_unstorable(error)
            raise

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Transaction]:
        """A transaction that is rolled back if it was not committed."""
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            try:
                # SQLAlchemy begins lazily, with its first statement; the driver must not speak before that.
                now = (await connection.execute(_NOW)).scalar_one()
                yield Transaction(connection, driver, now)
            except BaseException as error:
                if _may_be_broken(error):
                    # A rollback would wait for the answer to the last statement, which may never come.
                    driver.terminate()
                    await connection.invalidate(error)
                raise

    async def dedicated(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of its own outside the pool, for LISTEN and for locks held over many transactions.

        Raises:
            Transient: the database cannot be reached.
        """
        try:
            connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
                self._settings.dsn.get_secret_value(), **_driver_arguments(self._settings, self.schema, "dedicated")
            )
        except FAILURES as error:
            raise_if_transient(error)
            raise
        keep_alive(connection)
        return connection

    async def problem(self) -> str | None:
        """Why the database cannot be used now, or None; for readiness."""
        try:
            async with self._connected():
                return None
        except FAILURES as error:
            return told(error)


FAILURES = (DBAPIError, PoolTimeout, *DRIVER_FAILURES)
"""All that SQLAlchemy, and asyncpg past it, may raise."""
LOST = OSError | InterfaceError | asyncpg.InterfaceError | asyncpg.InternalClientError
"""Those after which the connection is of no use."""


def told(error: BaseException) -> str:
    """What the log needs of a failure; the server's own words only of a refused login: others may quote a text."""
    words = getattr(error, "orig", error) if _state(error).startswith(_LOGIN_CLASSES) else type(error).__name__
    return f"postgresql: {words}"


def refuse_login(error: BaseException) -> None:
    """Raise ``Fatal`` where the server knows neither this role and password nor this database; else return."""
    if _state(error).startswith(_LOGIN_CLASSES):
        raise Fatal(f"{told(error)}; SHENAVA_POSTGRES_DSN names role, password and database") from error


def raise_if_transient(error: BaseException) -> None:
    """Turn a database error after which the same work may succeed into ``Transient``; return for any other."""
    if isinstance(error, PoolTimeout | LOST):
        raise Transient(f"postgresql is away: {type(error).__name__}: {error}"[:500]) from error
    state = _state(error)
    lost = isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, OperationalError))
    if lost or state.startswith(_TRANSIENT_CLASSES) or state in _TRANSIENT_STATES:
        raise Transient(f"postgresql: {state} {type(error).__name__}") from error


def _may_be_broken(error: BaseException) -> bool:
    """Whether the connection on which ``error`` came up may be without a peer, or still wait for an answer."""
    return isinstance(error, asyncio.CancelledError | LOST) or _state(error).startswith("08")


def _raise_if_unstorable(error: BaseException) -> None:
    # The server's own words are left out: they quote the value, which may be somebody's text.
    if (state := _state(error)) in _UNSTORABLE_STATES:
        raise Invalid("unstorable_value", f"a value does not fit into its column (SQLSTATE {state})") from error


def _state(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def _engine(settings: PostgresSettings, *, schema: str, service: str) -> AsyncEngine:
    url = settings.dsn.get_secret_value().replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.command_timeout.total_seconds(),
        hide_parameters=True,  # errors are logged; texts and authors are not
        connect_args=_driver_arguments(settings, schema, service),
    )
    watch(engine, settings.connect_timeout)
    return engine


def _driver_arguments(settings: PostgresSettings, schema: str, application: str) -> dict[str, Any]:
    return {
        "timeout": settings.connect_timeout.total_seconds(),
        "command_timeout": settings.command_timeout.total_seconds(),
        "server_settings": {
            "application_name": application,
            "search_path": schema,
            "timezone": "UTC",
            "statement_timeout": str(int(settings.statement_timeout.total_seconds() * 1000)),
            "idle_in_transaction_session_timeout": str(
                int(settings.idle_in_transaction_timeout.total_seconds() * 1000)
            ),
            "tcp_keepalives_idle": "15",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
        },
    }
