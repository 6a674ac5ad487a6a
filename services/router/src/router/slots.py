"""A few slots for each endpoint: a dead one holds its own and nobody else's."""

from types import TracebackType
from typing import Self

from router.endpoints import Endpoint, Endpoints
from shenava.webhooks.attempt import Slot, tls_context
from shenava.webhooks.pinning import Resolve, Resolver


class Slots:
    """All slots of a dispatcher; use as an async context manager, it owns the connections.

    Args:
        resolve: instead of the system's resolver.
    """

    def __init__(self, endpoints: Endpoints, *, ca_file: str | None = None, resolve: Resolve | None = None) -> None:
        self._endpoints = endpoints
        self._tls = tls_context(ca_file)
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver
        self._idle: dict[str, list[Slot]] = {endpoint.id: [] for endpoint in endpoints}
        self._taken: dict[str, int] = {endpoint.id: 0 for endpoint in endpoints}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for slots in self._idle.values():
            while slots:
                await slots.pop().close()
        self._resolver.close()

    @property
    def under_way(self) -> int:
        """How many attempts are being made."""
        return sum(self._taken.values())

    def free(self, endpoint: Endpoint) -> int:
        """How many more attempts this endpoint can have under way."""
        return endpoint.concurrency - self._taken[endpoint.id]

    def idle(self, endpoint: Endpoint) -> bool:
        """Whether no attempt is under way there."""
        return self._taken[endpoint.id] == 0

    def take(self, endpoint: Endpoint) -> Slot:
        """A slot for one attempt, the one used last if there is one: its connection is the likeliest to be open."""
        self._taken[endpoint.id] += 1
        idle = self._idle[endpoint.id]
        if idle:
            return idle.pop()
        return Slot(tls=self._tls, resolve=self._resolve, allow_private=endpoint.allow_private)

    def give(self, endpoint: Endpoint, slot: Slot) -> None:
        """The attempt has ended."""
        self._taken[endpoint.id] -= 1
        self._idle[endpoint.id].append(slot)
