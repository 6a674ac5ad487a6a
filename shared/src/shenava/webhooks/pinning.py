"""Connects webhooks: resolves the name itself, checks every address, and connects to a checked one and no other.

Because the name is resolved once and the connection made to the very address that was checked, a name that changes its
answer between check and use (DNS rebinding) gains nothing. TLS still verifies the name of the URL.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore
import httpx

from shenava.webhooks.guard import Forbidden, check_address, is_literal

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

KEEP_ALIVE_SECONDS = 4.0  # shorter than the five seconds after which many servers close an idle connection
_MOST_ADDRESSES = 4


class Resolver:
    """The system's resolver in threads of its own, so that a silent name server of one endpoint holds up no other."""

    def __init__(self, threads: int = 32) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of ``host``.

        Raises:
            OSError: there are none, or the name server did not answer.
        """
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def close(self) -> None:
        """Let the threads go, without waiting for a name server."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class PinnedTransport(httpx.AsyncHTTPTransport):
    """One connection at a time, made by :class:`PinnedBackend`; no proxy, no redirects, no cookies, no environment."""

    def __init__(self, *, tls: ssl.SSLContext, resolve: Resolve, allow_private: bool) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=1,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=PinnedBackend(resolve, allow_private=allow_private),
        )


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's way to the network, through the guard."""

    def __init__(
        self, resolve: Resolve, *, allow_private: bool, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of ``host`` that is allowed and answers.

        Raises:
            Forbidden: none of its addresses is allowed.
            OSError: the name has no address.
            httpcore.ConnectError, httpcore.ConnectTimeout: none of the allowed ones answered.
        """
        addresses = await self._allowed(host, port)
        each = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._network.connect_tcp(address, port, each, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(addresses[-1], port, each, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks."""
        await self._network.sleep(seconds)

    async def _allowed(self, host: str, port: int) -> list[str]:
        literal = host.strip("[]")
        found = [literal] if is_literal(literal) else await self._resolve(host, port)
        allowed: list[str] = []
        refused = Forbidden(f"{host} has no address")
        for address in found:
            try:
                allowed.append(str(check_address(address, allow_private=self._allow_private)))
            except Forbidden as error:
                refused = error
        if not allowed:
            raise refused
        return allowed[:_MOST_ADDRESSES]


def _look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
