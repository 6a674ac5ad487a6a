"""A whole service as a process between the real servers, ready when it is given and ended in good order."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from shenava.settings import KafkaSettings, PostgresSettings
from shenava.testing.waiting import until


@asynccontextmanager
async def running(
    command: Sequence[str], kafka: KafkaSettings, postgres: PostgresSettings, **environment: str
) -> AsyncIterator[str]:
    """Run ``command`` on these servers; gives its URL once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "SHENAVA_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "SHENAVA_POSTGRES_DSN": postgres.dsn.get_secret_value(),
        "SHENAVA_HTTP_PORT": str(port),
        **environment,
    }
    service = await asyncio.create_subprocess_exec(*command, env=given)
    try:
        await until(lambda: _ready(f"http://127.0.0.1:{port}/readyz"))
        yield f"http://127.0.0.1:{port}"
        service.send_signal(signal.SIGTERM)
        assert await service.wait() == 0
    finally:
        if service.returncode is None:
            service.kill()
            await service.wait()


async def _ready(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx.TransportError:
            return False
