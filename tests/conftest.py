"""Fixtures on the real servers; none of them is started before a test asks for it."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from servers import (
    DatabaseFor,
    Databases,
    Topics,
    in_own_loop,
    kafka_serving,
    kafka_settings,
    postgres_serving,
    serving,
)
from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.postgres_node import PostgresServer
from shenava.dev.stack import Stack
from shenava.kafka.admin import create_topics
from shenava.settings import KafkaSettings, PostgresSettings
from whole_stack import IMPATIENT, plan


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[KafkaCluster]:
    """The one Apache Kafka of the session; a test that breaks a cluster starts its own by ``kafka_serving``."""
    with kafka_serving() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka(kafka_cluster: KafkaCluster) -> KafkaSettings:
    """How to reach it; every topic of ``topics.py`` exists, with three partitions."""
    settings = kafka_settings(kafka_cluster.bootstrap)
    in_own_loop(create_topics(settings, partitions=3))
    return settings


@pytest.fixture
def topic_factory(kafka: KafkaSettings) -> Topics:
    """Await it with ``partitions`` and ``dead``: the name of a topic nobody else uses."""
    return Topics(kafka)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The one PostgreSQL of the session."""
    with postgres_serving() as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer) -> Databases:
    """Makes databases; a test takes ``database_for``, which also removes them."""
    return Databases(postgres_server)


@pytest.fixture
async def database_for(databases: Databases) -> AsyncIterator[DatabaseFor]:
    """Await it with a service's name: a fresh database, migrated, removed after the test."""
    made: list[PostgresSettings] = []

    async def make(service: str) -> PostgresSettings:
        made.append(await databases.fresh(service))
        return made[-1]

    yield make
    await asyncio.gather(*(databases.drop(settings) for settings in made))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole system, with leases, sessions and timeouts so short that a test can wait for their end.

    It is started once; each test that uses it has a brand of its own.
    """

    def make(directory: Path) -> Stack:
        return Stack(plan(directory, environment=IMPATIENT, session_timeout_seconds=3.0))

    with serving(make) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the services logged last."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, Stack):
        report.sections += [(f"log of {name}", running.processes.last_lines(name)) for name in running.ports]
    return report
