"""Gives each service its role and its schema; run once per database by whoever owns it."""

import re
from collections.abc import Mapping

import asyncpg
import structlog

log = structlog.get_logger(__name__)

SCHEMAS: Mapping[str, str] = {
    "router": "router",
    "sla-watcher": "sla",
    "metrics-api": "metrics",
}
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def identifier(name: str) -> str:
    """``name`` if it is a plain lower-case SQL identifier.

    Raises:
        ValueError: it is not, and so must not be put into a statement.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain SQL identifier")
    return name


async def bootstrap(admin_dsn: str, passwords: Mapping[str, str]) -> None:
    """Create or mend the role and schema of each service in ``passwords`` (service name to password).

    A role may use its own schema and nothing else; nobody reads another's.
    """
    connection = await asyncpg.connect(admin_dsn)
    try:
        async with connection.transaction():
            await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            for service, password in passwords.items():
                await _role_and_schema(connection, identifier(SCHEMAS[service]), password)
    finally:
        await connection.close()
    log.info("database_bootstrapped", services=sorted(passwords))


async def _role_and_schema(connection: "asyncpg.Connection[asyncpg.Record]", name: str, password: str) -> None:
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if exists else "CREATE"
    # Utility statements take no parameters; the server quotes the password itself.
    statement = await connection.fetchval(
        "SELECT format($1 || ' ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', $2::text, $3::text)",
        verb, name, password,
    )  # fmt: skip
    await connection.execute(statement)
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name} AUTHORIZATION {name}")
