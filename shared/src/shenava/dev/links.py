"""The ways from each service to each server, every one through a fault proxy of its own.

The proxies run on a loop and a thread of their own, so that a stack may be started on one loop and used on others.
"""

import asyncio
from collections.abc import Collection, Mapping
from threading import Thread
from typing import Literal

from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.postgres_node import PostgresServer
from shenava.dev.postgres_said import Statements
from shenava.dev.processes import free_port

Server = Literal["kafka", "postgres"]


class Links:
    """The proxies; started before the services and stopped after them.

    Args:
        servers: the servers that each service uses; a service without any has no proxy.
    """

    def __init__(self, servers: Mapping[str, Collection[Server]]) -> None:
        self._ports = {(service, server): free_port() for service, used in servers.items() for server in used}
        self._proxies: dict[tuple[str, Server], FaultProxy] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def listeners(self) -> dict[str, list[int]]:
        """The further listeners that the broker needs: each tells its one service to come by its proxy."""
        return {_listener(service): [port] for (service, server), port in self._ports.items() if server == "kafka"}

    def port(self, service: str, server: Server, straight: int) -> int:
        """Where ``service`` finds ``server``; ``straight`` if no proxy stands between them."""
        return self._ports.get((service, server), straight)

    def __getitem__(self, way: tuple[str, Server]) -> FaultProxy:
        return self._proxies[way]

    async def start(self, kafka: KafkaCluster, postgres: PostgresServer) -> None:
        """Open all ways."""
        if not self._ports:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._thread.start()
        for (service, server), port in self._ports.items():
            if server == "kafka":
                proxy = FaultProxy(kafka.way(_listener(service)), port=port)
            else:
                proxy = FaultProxy(("127.0.0.1", postgres.port), port=port, hearing=Statements)
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(proxy.start(), self._loop))
            self._proxies[service, server] = proxy

    async def stop(self) -> None:
        """Close all ways and end the thread; nothing happens if it does not run."""
        if self._loop is None:
            return
        for proxy in self._proxies.values():
            await proxy.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()
        self._loop = None


def _listener(service: str) -> str:
    return service.replace("-", "").upper()
