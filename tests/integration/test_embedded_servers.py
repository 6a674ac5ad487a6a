"""The development kit's Kafka and PostgreSQL: they come up, take a crash, and lose nothing that was acknowledged."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shenava.dev.kafka_archive import prepare_fast_start
from shenava.dev.kafka_jvm import kafka_runtime
from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.postgres_node import PostgresServer
from shenava.dev.processes import ServerStartError

pytestmark = pytest.mark.servers

TOPIC = "mentions.received"


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


async def _all_led(admin: AIOKafkaAdminClient) -> bool:
    (described,) = await admin.describe_topics([TOPIC])
    return all(partition["leader"] >= 0 for partition in described["partitions"])


async def _create_topic(cluster: KafkaCluster, replicas: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, num_partitions=2, replication_factor=replicas)])
        await _until(lambda: _all_led(admin))
    finally:
        await admin.close()


@asynccontextmanager
async def _producing(cluster: KafkaCluster) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, numbers: Iterable[int], acknowledged: list[bytes]) -> None:
    for number in numbers:
        value = f"نظر {number}".encode()
        await producer.send_and_wait(TOPIC, value, partition=number % 2)
        acknowledged.append(value)


async def _read(cluster: KafkaCluster, count: int) -> list[bytes]:
    """The first ``count`` values of the topic, and what more there is after them."""
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    values: list[bytes] = []
    try:
        async with asyncio.timeout(30):
            while len(values) < count:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    values += [record.value for record in records]
        ends = await consumer.end_offsets(consumer.assignment())
        assert sum(ends.values()) == len(values)
        return values
    finally:
        await consumer.stop()


async def test_a_node_killed_while_it_is_written_to_loses_and_doubles_nothing(tmp_path: Path) -> None:
    acknowledged: list[bytes] = []
    async with KafkaCluster(tmp_path) as cluster:
        await _create_topic(cluster)
        first = cluster.pids[0]
        async with _producing(cluster) as producer:
            await _send(producer, range(100), acknowledged)
            sending = asyncio.create_task(_send(producer, range(100, 200), acknowledged))
            while len(acknowledged) < 120:  # noqa: ASYNC110 - a kill amid the writes, not at one of them
                await asyncio.sleep(0)
            await cluster.kill(0)
            assert cluster.pids == {}
            await cluster.restart(0)
            await sending
        assert cluster.pids[0] != first
        assert sorted(await _read(cluster, 200)) == sorted(acknowledged)


async def test_three_nodes_serve_and_keep_all_when_one_is_killed(tmp_path: Path) -> None:
    acknowledged: list[bytes] = []
    async with KafkaCluster(tmp_path, nodes=3) as cluster:
        await _create_topic(cluster, replicas=3)
        async with _producing(cluster) as producer:
            await _send(producer, range(50), acknowledged)
            await cluster.kill(0)
            await _send(producer, range(50, 100), acknowledged)
            assert set(cluster.pids) == {1, 2}
            assert sorted(await _read(cluster, 100)) == sorted(acknowledged)
            await cluster.restart(0)
            await cluster.kill(1)
            await _send(producer, range(100, 120), acknowledged)
        assert sorted(await _read(cluster, 120)) == sorted(acknowledged)


async def test_a_cluster_is_taken_up_again_from_its_directory(tmp_path: Path) -> None:
    acknowledged: list[bytes] = []
    async with KafkaCluster(tmp_path) as cluster:
        await _create_topic(cluster)
        async with _producing(cluster) as producer:
            await _send(producer, range(20), acknowledged)
    async with KafkaCluster(tmp_path) as again:
        assert sorted(await _read(again, 20)) == sorted(acknowledged)
    with pytest.raises(ValueError, match="holds a Kafka cluster of 1 nodes and 3 were asked for"):
        await KafkaCluster(tmp_path, nodes=3).start()


async def test_a_node_that_cannot_start_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        cluster = KafkaCluster(tmp_path, ports=[taken.getsockname()[1]])
        with pytest.raises(ServerStartError, match=r"(?s)kafka-1 .*Address already in use"):
            await cluster.start()
    assert cluster.pids == {}


async def test_a_node_starts_from_the_archive_once_it_is_prepared(tmp_path: Path) -> None:
    runtime = kafka_runtime()
    if not runtime.can_archive or sys.platform != "linux":
        pytest.skip(f"Java {runtime.java.major} on {sys.platform}: no archive is written, or it cannot be seen in use")
    assert await prepare_fast_start()
    written = runtime.archive.stat().st_mtime_ns
    assert await prepare_fast_start()
    assert runtime.archive.stat().st_mtime_ns == written
    async with KafkaCluster(tmp_path) as cluster:
        assert str(runtime.archive) in {each.path for each in psutil.Process(cluster.pids[0]).memory_maps()}


@pytest.mark.parametrize("durable", [True, False])
async def test_committed_rows_survive_a_killed_server(tmp_path: Path, durable: bool) -> None:  # noqa: FBT001 - a parameter of the test
    async with PostgresServer(tmp_path / "postgres", durable=durable) as server:
        connection = await asyncpg.connect(server.admin_dsn)
        await connection.execute("CREATE TABLE mention (body text)")
        await connection.executemany("INSERT INTO mention VALUES ($1)", [(f"نظر {number}",) for number in range(100)])
        busy = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        await _until(lambda: _sleeps(server))
        children = psutil.Process(server.pid).children()
        await server.kill()
        assert not [each for each in children if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
            await busy
        await server.restart()
        assert await _ask(server, "SELECT count(*) FROM mention") == 100


async def test_a_server_is_taken_up_again_from_its_directory(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path, durable=False) as server:
        await _ask(server, "CREATE DATABASE nilgoon")
        first = server.admin_dsn
    async with PostgresServer(tmp_path, durable=False) as again:
        assert await _ask(again, "SELECT count(*) FROM pg_database WHERE datname = 'nilgoon'") == 1
        assert again.admin_dsn.split("@")[0] == first.split("@")[0]


async def test_the_database_sorts_by_code_point_and_speaks_utf8_to_200_clients(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path, durable=False) as server:
        kind = (
            "SELECT datlocprovider::text || ' ' || datlocale || ' ' || pg_encoding_to_char(encoding) FROM pg_database"
        )
        assert await _ask(server, f"{kind} WHERE datname = 'postgres'") == "b C.UTF-8 UTF8"
        assert await _ask(server, "SELECT current_setting('max_connections')") == "200"
        assert await _ask(server, "SELECT current_setting('listen_addresses')") == "127.0.0.1"


async def test_the_database_wants_a_password_that_only_its_owner_can_read(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path, durable=False) as server:
        assert (tmp_path / "password").stat().st_mode & 0o077 == 0
        _, host = server.admin_dsn.split("@")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://postgres:wrong@{host}")


async def test_the_database_never_runs_as_root_and_leaves_the_rights_of_other_directories(tmp_path: Path) -> None:
    before = {directory: directory.stat().st_mode for directory in tmp_path.parents}
    async with PostgresServer(tmp_path / "postgres", durable=False) as server:
        assert psutil.Process(server.pid).uids().effective != 0
    assert {directory: directory.stat().st_mode for directory in tmp_path.parents} == before


async def test_a_database_that_cannot_start_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = PostgresServer(tmp_path, taken.getsockname()[1], durable=False)
        with pytest.raises(ServerStartError, match=r"(?s)PostgreSQL ended with code 1.*Address already in use"):
            await server.start()


async def _sleeps(server: PostgresServer) -> bool:
    return await _ask(server, "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'") == 1


async def _ask(server: PostgresServer, statement: str) -> object:
    connection = await asyncpg.connect(server.admin_dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
