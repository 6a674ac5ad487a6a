"""Apache Kafka as child processes: one node or several, in KRaft mode, on 127.0.0.1 only."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from shenava.dev.kafka_format import data_directory, format_cluster
from shenava.dev.kafka_jvm import ENVIRONMENT, KafkaRuntime, kafka_runtime
from shenava.dev.kafka_properties import NodePorts, Way, server_properties
from shenava.dev.processes import ServerStartError, Supervisor, free_port

log = structlog.get_logger(__name__)

_READY_WITHIN = timedelta(seconds=90)
_POLL = 0.05


class KafkaCluster:
    """A Kafka cluster of our own; an async context manager that starts and stops it."""

    def __init__(
        self,
        directory: Path,
        nodes: int = 1,
        ports: Sequence[int] | None = None,
        heap: str = "384m",
        *,
        jvm_options: Sequence[str] = (),
        ways: Mapping[str, Sequence[int]] = MappingProxyType({}),
    ) -> None:
        """Nothing is started yet.

        Args:
            directory: where the data and logs are; one that a cluster was in before is taken up as it is.
            nodes: how many nodes, each broker and controller; with three, one may fail.
            ports: the brokers' TCP ports, one a node; free ones are chosen if not given.
            heap: the largest heap of each node, as Java writes it.
            jvm_options: more options for the virtual machine.
            ways: further listeners by name (letters of the alphabet), each with the port that each node tells its
                clients there to connect to; :meth:`way` says where the node itself listens.

        Raises:
            ValueError: there are not as many ports as nodes.
        """
        chosen = list(ports) if ports is not None else [free_port() for _ in range(nodes)]
        for given in (chosen, *ways.values()):
            if nodes < 1 or len(given) != nodes:
                raise ValueError(f"{nodes} Kafka nodes cannot have the ports {given}: give one port for each node")
        self._directory = directory.resolve()
        self._ports = [
            NodePorts(port, free_port(), {name: Way(free_port(), told[i]) for name, told in ways.items()})
            for i, port in enumerate(chosen)
        ]
        self._heap = heap
        self._jvm_options = tuple(jvm_options)
        self._supervisor = Supervisor(self._directory)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses, as clients want them."""
        return ",".join(f"127.0.0.1:{each.broker}" for each in self._ports)

    @property
    def port(self) -> int:
        """Where the first broker listens."""
        return self._ports[0].broker

    def way(self, name: str, node_index: int = 0) -> tuple[str, int]:
        """Host and port where a node listens for those that come by the further listener ``name``."""
        return "127.0.0.1", self._ports[node_index].ways[name].port

    @property
    def pids(self) -> Mapping[int, int]:
        """The process of each node that runs, by the node's index (0 is the first)."""
        names = self._supervisor.running()
        return {i: self._supervisor.pid(_name(i)) for i in range(len(self._ports)) if _name(i) in names}

    async def start(self) -> None:
        """Start all nodes and return when each of them serves and knows the others.

        Raises:
            ServerStartError: a node ended or did not serve within 90 seconds.
            JavaNotFoundError, KafkaJarError: what Kafka needs is not there.
            ValueError: the directory holds a cluster of another size.
        """
        runtime = await asyncio.to_thread(self._prepare)
        everyone = range(len(self._ports))
        try:
            for index in everyone:
                await self._supervisor.start(_name(index), self._command(runtime, index), ENVIRONMENT)
            members = {index + 1 for index in everyone}
            await asyncio.gather(*(self._wait_until_serving(index, members) for index in everyone))
        except BaseException:
            await asyncio.gather(*(self._supervisor.kill(name) for name in self._supervisor.running()))
            raise
        log.info("kafka_started", bootstrap=self.bootstrap, nodes=len(self._ports))

    async def stop(self, grace: timedelta = timedelta(seconds=15)) -> None:
        """Stop all nodes at once, orderly within ``grace``, else by force: what was acknowledged is on the disk."""
        await asyncio.gather(*(self._supervisor.stop(name, grace) for name in self._supervisor.running()))

    async def kill(self, node_index: int) -> None:
        """End a node by SIGKILL, as a crash would."""
        await self._supervisor.kill(_name(node_index))

    async def restart(self, node_index: int) -> None:
        """Start a node again (stopping it if it runs) and return when it serves.

        Raises:
            ServerStartError: it did not come up.
        """
        await self._supervisor.restart(_name(node_index))
        await self._wait_until_serving(node_index, {node_index + 1})

    def _prepare(self) -> KafkaRuntime:
        runtime = kafka_runtime()
        self._directory.mkdir(parents=True, exist_ok=True)
        format_cluster(self._directory, len(self._ports), runtime)
        for node_id in range(1, len(self._ports) + 1):
            text = server_properties(node_id, self._ports, data_directory(self._directory, node_id))
            self._properties(node_id - 1).write_text(text)
        return runtime

    def _properties(self, index: int) -> Path:
        return self._directory / f"node-{index + 1}" / "server.properties"

    def _command(self, runtime: KafkaRuntime, index: int) -> list[str]:
        main = ["kafka.Kafka", str(self._properties(index))]
        return runtime.command(main, heap=self._heap, options=self._jvm_options)

    async def _wait_until_serving(self, index: int, members: set[int]) -> None:
        name, port = _name(index), self._ports[index].broker
        try:
            async with asyncio.timeout(_READY_WITHIN.total_seconds()):
                while not members <= await _brokers_known_to(port):
                    if (code := self._supervisor.exit_code(name)) is not None:
                        raise self._not_up(name, f"ended with code {code}")
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise self._not_up(name, f"did not serve on 127.0.0.1:{port} within {_READY_WITHIN}") from None

    def _not_up(self, name: str, what: str) -> ServerStartError:
        return ServerStartError(
            f"{name} {what}; its log {self._supervisor.log_file(name)} ends with:\n{self._supervisor.last_lines(name)}"
        )


def _name(index: int) -> str:
    return f"kafka-{index + 1}"


async def _brokers_known_to(port: int) -> set[int]:
    """The ids of the brokers that serve, as the broker on ``port`` says; empty if it does not answer."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return set()  # asked first, because the client logs an error for each refused connection
    writer.close()
    client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=2000)
    try:
        await client.bootstrap()
        return {broker.nodeId for broker in client.cluster.brokers()}
    except (KafkaError, OSError):
        return set()
    finally:
        await client.close()
