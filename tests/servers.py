"""The real servers the tests share: one Apache Kafka, one PostgreSQL, a fresh database for each test."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from shenava.db.bootstrap import SCHEMAS, bootstrap
from shenava.db.migrate import migrate
from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.postgres_node import PostgresServer
from shenava.kafka import admin
from shenava.kafka.client import connection
from shenava.settings import KafkaSettings, PostgresSettings
from shenava.topics import DEAD_SUFFIX

ROOT = Path(__file__).parent.parent
PASSWORD = "only-for-tests"

T = TypeVar("T")
DatabaseFor = Callable[[str], Awaitable[PostgresSettings]]


class Server(Protocol):
    """What the embedded servers have in common."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


S = TypeVar("S", bound=Server)


def in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end on a loop and a thread of its own: pytest's loops live no longer than a test."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def serving(make: Callable[[Path], S]) -> Iterator[S]:
    """The server that ``make`` builds in a directory of its own, started; stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="shenava-tests-") as directory:
        server = make(Path(directory))
        in_own_loop(server.start())
        try:
            yield server
        finally:
            in_own_loop(server.stop())


@contextmanager
def kafka_serving(nodes: int = 1) -> Iterator[KafkaCluster]:
    """An Apache Kafka of ``nodes`` nodes, without topics."""
    with serving(lambda directory: KafkaCluster(directory, nodes=nodes)) as cluster:
        yield cluster


@contextmanager
def postgres_serving(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A PostgreSQL without databases of ours; ``durable`` where the test kills it."""
    with serving(lambda directory: PostgresServer(directory, durable=durable)) as server:
        yield server


def kafka_settings(bootstrap_servers: str, **over: Any) -> KafkaSettings:
    """Settings that are as impatient as tests are."""
    given: dict[str, Any] = {
        "bootstrap": bootstrap_servers,
        "session_timeout": timedelta(seconds=6),
        "rebalance_timeout": timedelta(seconds=15),
        "poll_timeout": timedelta(milliseconds=50),
    }
    return KafkaSettings(**given | over)


class Topics:
    """Makes topics of their own for each test."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings

    async def __call__(self, name: str = "test", *, partitions: int = 2, dead: bool = False, **configs: str) -> str:
        """The name of a new topic that begins with ``name``; with ``dead`` its dead letter topic is there too."""
        unique = f"{name}-{uuid4().hex[:12]}"
        wanted = {unique: NewTopic(unique, partitions, 1, topic_configs=configs)}
        if dead:
            larger = {"max.message.bytes": str(admin.DEAD_MAX_BYTES)}
            wanted[unique + DEAD_SUFFIX] = NewTopic(unique + DEAD_SUFFIX, 1, 1, topic_configs=larger)
        client = AIOKafkaAdminClient(**connection(self.settings, "tests"))
        await client.start()
        try:
            await admin._create_missing(client, wanted)
        finally:
            await client.close()
        return unique


class Databases:
    """Clones databases from templates that were made and migrated once a session."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._templates: dict[tuple[str, Path], str] = {}
        self._numbers = count(1)

    async def fresh(self, service: str, migrations: Path | None = None) -> PostgresSettings:
        """A database in which only ``service`` has its role and its schema, at the newest of its migrations."""
        migrations = migrations or migrations_of(service)
        kind = (service, migrations)
        if kind not in self._templates:
            self._templates[kind] = await self._template(service, migrations)
        name = f"test_{next(self._numbers)}"
        await self._as_admin(f"CREATE DATABASE {name} TEMPLATE {self._templates[kind]}")
        return self._settings(service, name)

    async def empty(self) -> str:
        """A database with nothing in it; returns the superuser's DSN for it."""
        name = f"test_{next(self._numbers)}"
        await self._as_admin(f"CREATE DATABASE {name}")
        return self._dsn(name)

    async def drop(self, settings: PostgresSettings) -> None:
        """Remove the database of ``settings``, whoever is still connected."""
        name = urlsplit(settings.dsn.get_secret_value()).path.removeprefix("/")
        await self._as_admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _template(self, service: str, migrations: Path) -> str:
        name = f"template_{next(self._numbers)}"
        await self._as_admin(f"CREATE DATABASE {name}")
        await bootstrap(self._dsn(name), {service: PASSWORD})
        if await asyncio.to_thread(migrations.exists):
            await migrate(self._settings(service, name), schema=SCHEMAS[service], migrations=migrations)
        return name

    async def _as_admin(self, statement: str) -> None:
        connected = await asyncpg.connect(self._server.admin_dsn)
        try:
            await connected.execute(statement)
        finally:
            await connected.close()

    def _settings(self, service: str, database: str) -> PostgresSettings:
        return PostgresSettings(dsn=SecretStr(self._dsn(database, f"{SCHEMAS[service]}:{PASSWORD}")))

    def _dsn(self, database: str, login: str | None = None) -> str:
        parts = urlsplit(self._server.admin_dsn)
        own, _, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login or own}@{host}", path=f"/{database}"))


def migrations_of(service: str) -> Path:
    """Where the revisions of ``service`` lie."""
    return ROOT / "services" / service / "src" / service.replace("-", "_") / "migrations"
