"""A watcher as a process of its own, to be killed: ``python -m sla_child`` with the database in the environment."""

import asyncio
import os
import sys
from asyncio.subprocess import Process

from shenava.settings import PostgresSettings, read
from shenava.telemetry.logging import configure
from sla_servers import connected
from sla_watcher import watcher

BATCH = 50
"""Small, so that there is a middle to be killed in."""


async def watch() -> None:
    """Watch until killed, looking often for what another watcher held when it died."""
    watcher.SWEEP_SECONDS = 1.0
    async with connected(read(PostgresSettings)) as database:
        await watcher.Watcher(database, batch=BATCH).run(asyncio.Event())


async def watcher_process(settings: PostgresSettings) -> Process:
    """Start one on the database of ``settings``."""
    environment = {
        **os.environ,
        "SHENAVA_POSTGRES_DSN": settings.dsn.get_secret_value(),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "sla_child", env=environment)


if __name__ == "__main__":
    configure("sla-child", level="ERROR", form="json")
    asyncio.run(watch())
