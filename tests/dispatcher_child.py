"""A dispatcher as a process of its own, to be killed: ``python -m dispatcher_child URL`` with the database in the
environment. Its leases are as short as can be, and so is what waits for the lease of one that was killed.
"""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from datetime import timedelta

from router.dispatcher import Dispatcher
from router.webhook_settings import WebhookSettings
from shenava.settings import PostgresSettings, read
from shenava.telemetry.logging import configure
from webhook_world import endpoint, world

SECOND = timedelta(seconds=1)


async def dispatch(url: str) -> None:
    """Deliver to ``url`` until killed."""
    async with world(read(PostgresSettings), [endpoint(url, timeout=SECOND)]) as queue:
        await Dispatcher(queue.database, queue.endpoints, WebhookSettings(lease_margin=SECOND)).run(asyncio.Event())


async def dispatcher_process(settings: PostgresSettings, url: str, prefix: Sequence[str] = ()) -> Process:
    """Start one on the database of ``settings``; ``prefix`` is the command that is to run the module, if any."""
    environment = {
        **os.environ,
        "SHENAVA_POSTGRES_DSN": settings.dsn.get_secret_value(),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    command = [*(prefix or (sys.executable, "-m", "dispatcher_child")), url]
    return await asyncio.create_subprocess_exec(*command, env=environment)


if __name__ == "__main__":
    configure("dispatcher-child", level="ERROR", form="json")
    asyncio.run(dispatch(sys.argv[1]))
