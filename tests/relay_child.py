"""A relay as a process of its own, to be killed: ``python -m relay_child`` with the servers in the environment."""

import asyncio
import os
import sys
from asyncio.subprocess import Process

from shenava.db.database import Database
from shenava.kafka.member import producer
from shenava.outbox import Relay, relay
from shenava.settings import KafkaSettings, PostgresSettings, read
from shenava.telemetry.logging import configure

BATCH = 20
"""Small, so that there is a middle to be killed in."""


async def send() -> None:
    """Relay until killed, and look often whether the other one is gone."""
    relay.BATCH_ROWS, relay.SWEEP_SECONDS = BATCH, 0.1
    async with (
        Database(read(PostgresSettings), schema="router", service="relay") as database,
        producer("relay", read(KafkaSettings)) as out,
    ):
        await Relay(database, out).run(asyncio.Event())


async def relay_process(postgres: PostgresSettings, kafka: KafkaSettings) -> Process:
    """Start one."""
    environment = {
        **os.environ,
        "SHENAVA_POSTGRES_DSN": postgres.dsn.get_secret_value(),
        "SHENAVA_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "relay_child", env=environment)


if __name__ == "__main__":
    configure("relay-child", level="ERROR", form="json")
    asyncio.run(send())
