"""Fixtures on the real servers; none of them is started before a test asks for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from servers import DatabaseFor, Databases, Topics, in_own_loop, kafka_serving, kafka_settings, postgres_serving
from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.postgres_node import PostgresServer
from shenava.kafka.admin import create_topics
from shenava.settings import KafkaSettings, PostgresSettings


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
