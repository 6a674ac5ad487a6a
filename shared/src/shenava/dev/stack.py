"""The whole system on one machine: embedded Kafka and PostgreSQL, the five services and a webhook receiver.

The demo, ``make up``, and the tests that need everything use the same stack. It knows the services by their commands
and their settings only, as an orchestrator would.
"""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from shenava.db.bootstrap import SCHEMAS, bootstrap
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.links import Links, Server
from shenava.dev.own_secrets import OwnSecrets
from shenava.dev.postgres_node import PostgresServer
from shenava.dev.processes import ProcessExit, ServerStartError, Supervisor, free_port
from shenava.kafka.admin import create_topics
from shenava.settings import KafkaSettings

SERVICES = ("ingestor", "sentiment", "router", "sla-watcher", "metrics-api")
RECEIVER = "receiver"
MIGRATED = tuple(SCHEMAS)
USES: dict[str, tuple[Server, ...]] = {
    service: ("kafka", "postgres") if service in MIGRATED else ("kafka",) for service in SERVICES
}
UP_PORTS = {
    "ingestor": 8001,
    "sentiment": 8002,
    "router": 8003,
    "sla-watcher": 8004,
    "metrics-api": 8005,
    RECEIVER: 8006,
}
READY_SECONDS = 90.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to run and where.

    Attributes:
        directory: for data, logs and generated secrets; made if it is not there.
        config: the folder with watchlist.yaml, rulebook.yaml, sla.yaml and endpoints.yaml.
        clock_speed: the policy's durations are divided by it; stored times stay true.
        durable: False spares the disk and loses data only if the machine itself stops.
        session_timeout_seconds: how long a killed member holds its partitions.
        ports: fixed ports by service; free ones are found for the others.
        environment: more settings for every process.
        links: True puts a fault proxy between each service and each server; see :meth:`Stack.link`.
        brokers: nodes of the Kafka cluster; with three, each record is on three and one node may fail. Without links.
    """

    directory: Path
    config: Path
    clock_speed: float = 1.0
    durable: bool = False
    session_timeout_seconds: float = 6.0
    ports: Mapping[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    links: bool = False
    brokers: int = 1


class Stack:
    """The running system; use as an async context manager."""

    def __init__(self, plan: Plan, report: Report = lambda _: None) -> None:
        self.plan = plan
        self._links = Links(USES if plan.links else {})
        self.kafka = KafkaCluster(plan.directory / "kafka", nodes=plan.brokers, ways=self._links.listeners)
        self.postgres = PostgresServer(plan.directory / "postgres", durable=plan.durable)
        self.processes = Supervisor(plan.directory / "logs")
        self.ports = {name: plan.ports.get(name) or free_port() for name in (*SERVICES, RECEIVER)}
        self._secrets = OwnSecrets(plan.directory / "secrets")
        self._passwords = {service: secrets.token_urlsafe(18) for service in MIGRATED}
        self._report = report

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def url(self, name: str) -> str:
        """Where the service called ``name`` listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def kafka_settings(self) -> KafkaSettings:
        """For clients of the stack's Kafka."""
        return KafkaSettings(bootstrap=self.kafka.bootstrap)

    def dsn(self, service: str) -> str:
        """How to connect to the database with the role of ``service``, straight."""
        return self._dsn(service, self.postgres.port)

    def link(self, service: str, server: Server) -> FaultProxy:
        """What stands between the two.

        Raises:
            KeyError: nothing does: the plan is without links, or the service does not use the server.
        """
        return self._links[service, server]

    async def start(self) -> None:
        """Start everything and return when every service is ready.

        Raises:
            ServerStartError: a server or service did not come up; the message has the end of its log.
        """
        self.plan.directory.mkdir(parents=True, exist_ok=True)
        await self._links.start(self.kafka, self.postgres)
        self._report("starting Apache Kafka and PostgreSQL")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_kafka())
            group.create_task(self._start_postgres())
            group.create_task(asyncio.to_thread(self._secrets.write))
        self._report("starting the five services")
        await self._start(RECEIVER, "shenava.testing.receiver", *self._receiver_arguments())
        for name in SERVICES:
            await self._start(name, _module(name), "run")
        await self._ready()

    async def stop(self) -> None:
        """Stop everything, the services first, together."""
        await asyncio.gather(*(self.processes.stop(name) for name in self.processes.running()))
        await asyncio.gather(self.kafka.stop(), self.postgres.stop(), self._links.stop())

    async def kill(self, name: str) -> None:
        """SIGKILL a service, ``kafka`` or ``postgres``."""
        servers: dict[str, Callable[[], Awaitable[None]]] = {
            "kafka": lambda: self.kafka.kill(0),
            "postgres": self.postgres.kill,
        }
        await servers.get(name, lambda: self.processes.kill(name))()

    async def restart(self, name: str) -> None:
        """Start again what was killed."""
        servers: dict[str, Callable[[], Awaitable[None]]] = {
            "kafka": lambda: self.kafka.restart(0),
            "postgres": self.postgres.restart,
        }
        await servers.get(name, lambda: self.processes.restart(name))()

    async def wait_for_exit(self) -> ProcessExit:
        """Until a service ends that nobody stopped."""
        return await self.processes.wait_for_exit()

    async def _start_kafka(self) -> None:
        await self.kafka.start()
        await create_topics(self.kafka_settings, replication=min(3, self.plan.brokers))

    async def _start_postgres(self) -> None:
        await self.postgres.start()
        await bootstrap(self.postgres.admin_dsn, self._passwords)
        for service in MIGRATED:
            await self._start(f"{service}-migrate", _module(service), "migrate")
        for service in MIGRATED:
            name = f"{service}-migrate"
            if await self.processes.wait(name):
                raise ServerStartError(f"{name} failed:\n{self.processes.last_lines(name)}")

    async def _start(self, name: str, module: str, *arguments: str) -> None:
        await self.processes.start(name, [sys.executable, "-m", module, *arguments], self.environment(name))

    async def _ready(self) -> None:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client, asyncio.timeout(READY_SECONDS):
            for name in SERVICES:
                while not await _is_ready(client, self.url(name) + "/readyz"):
                    code = self.processes.exit_code(name)
                    if code is not None:
                        raise ServerStartError(f"{name} ended with {code}:\n{self.processes.last_lines(name)}")
                    await asyncio.sleep(0.1)
                self._report(f"{name} is ready")

    def environment(self, name: str) -> dict[str, str]:
        """The settings of the process called ``name``."""
        service = name.removesuffix("-migrate")
        base = {
            "SHENAVA_KAFKA_BOOTSTRAP": f"127.0.0.1:{self._links.port(service, 'kafka', self.kafka.port)}",
            "SHENAVA_KAFKA_SESSION_TIMEOUT": f"{self.plan.session_timeout_seconds:g}s",
            "SHENAVA_HTTP_PORT": str(self.ports.get(service, 0)),
            "SHENAVA_API_KEYS_FILE": str(self._secrets.api_keys),
            "SHENAVA_SENTIMENT_WATCHLIST": str(self.plan.config / "watchlist.yaml"),
            "SHENAVA_ROUTER_RULEBOOK": str(self.plan.config / "rulebook.yaml"),
            "SHENAVA_ROUTER_ENDPOINTS": str(self.plan.config / "endpoints.yaml"),
            "SHENAVA_SLA_POLICY": str(self.plan.config / "sla.yaml"),
            "SHENAVA_SLA_CLOCK_SPEED": str(self.plan.clock_speed),
            "SHENAVA_DEMO_RECEIVER_URL": self.url(RECEIVER) + "/hooks/care",
            "SHENAVA_DEMO_RECEIVER_SECRET_FILE": str(self._secrets.webhook),
            # One thread per process: five services share a small machine.
            "OMP_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
        }
        if service in MIGRATED:
            base["SHENAVA_POSTGRES_DSN"] = self._dsn(service, self._links.port(service, "postgres", self.postgres.port))
        return {**base, **self.plan.environment}

    def _dsn(self, service: str, port: int) -> str:
        return f"postgresql://{SCHEMAS[service]}:{self._passwords[service]}@127.0.0.1:{port}/postgres"

    def _receiver_arguments(self) -> list[str]:
        secret, journal = self._secrets.webhook, self.plan.directory / "webhooks-received.ndjson"
        return ["--port", str(self.ports[RECEIVER]), "--secret-file", str(secret), "--journal", str(journal)]

    @property
    def api_key_file(self) -> Path:
        """Where the key for every service's routes lies."""
        return self._secrets.api_key

    @property
    def api_key(self) -> str:
        """The key; known once the stack was started."""
        return self.api_key_file.read_text("utf-8")


def _module(service: str) -> str:
    return service.replace("-", "_")


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
