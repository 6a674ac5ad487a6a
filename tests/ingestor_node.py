"""A real ingestor process in front of a real Kafka, and a look at what reached the topics."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from aiokafka import AIOKafkaConsumer

from servers import serving
from shenava.codec import decode
from shenava.dev.processes import Supervisor, free_port
from shenava.events import Event
from shenava.http.keys import digest
from shenava.kafka.client import connection
from shenava.settings import KafkaSettings
from shenava.testing.waiting import until

KEY = "key-of-the-tests"
NAME = "ingestor"
E = TypeVar("E", bound=Event)


class IngestorNode:
    """The process ``ingestor run``; :meth:`start` returns when it is ready."""

    def __init__(self, directory: Path, kafka: KafkaSettings, **environment: str) -> None:
        self.key_file = directory / "key"
        self._directory = directory
        self._port = free_port()
        self._processes = Supervisor(directory)
        self._environment = {
            "SHENAVA_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "SHENAVA_HTTP_PORT": str(self._port),
            "SHENAVA_API_KEYS_FILE": str(directory / "keys.yaml"),
            **environment,
        }

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def pid(self) -> int | None:
        """Its process; None when it has ended."""
        return self._processes.pid(NAME) if NAME in self._processes.running() else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._processes.exit_code(NAME)

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        return self._processes.last_lines(NAME)

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        scopes = ["mentions:write", "facts:write", "corrections:write"]
        keys = [{"name": "tests", "scopes": scopes, "sha256": digest(KEY)}]
        await asyncio.to_thread((self._directory / "keys.yaml").write_text, json.dumps(keys))
        await asyncio.to_thread(self.key_file.write_text, KEY + "\n")
        await self._processes.start(NAME, [sys.executable, "-m", "ingestor", "run"], self._environment)
        await until(self._ready_or_ended, within_seconds=60)
        if self.pid is None:
            raise AssertionError(f"the ingestor ended:\n{self.log}")

    async def stop(self) -> None:
        """Stop it as an orchestrator does."""
        await self._processes.stop(NAME)

    async def kill(self) -> None:
        """End it by SIGKILL."""
        await self._processes.kill(NAME)

    def client(self, **over: Any) -> httpx.AsyncClient:
        """A client with a key for everything."""
        given: dict[str, Any] = {
            "base_url": self.url,
            "headers": {"Authorization": f"Bearer {KEY}"},
            "timeout": 30,
            "trust_env": False,
        }
        return httpx.AsyncClient(**given | over)

    async def _ready_or_ended(self) -> bool:
        try:
            async with self.client(timeout=2) as client:
                return (await client.get("/readyz")).is_success
        except httpx.TransportError:
            return self.pid is None


@contextmanager
def ingestor_serving(kafka: KafkaSettings, **environment: str) -> Iterator[IngestorNode]:
    """An ingestor of its own."""
    with serving(lambda directory: IngestorNode(directory, kafka, **environment)) as node:
        yield node


async def written(kafka: KafkaSettings, topic: str, brand: str, kind: type[E]) -> list[E]:
    """Every event of ``brand`` in ``topic``, partition after partition."""
    consumer = AIOKafkaConsumer(topic, auto_offset_reset="earliest", **connection(kafka, "tests"))
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[E] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                events = [decode(record.value, record.headers) for record in records]
                found.extend(event for event in events if isinstance(event, kind) and event.brand == brand)
        return found
    finally:
        await consumer.stop()
