"""Only an address that was checked is connected to, and it is the one that was resolved for this very connection."""

from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import pytest

from shenava.webhooks.guard import Forbidden
from shenava.webhooks.pinning import PinnedBackend


class Network(httpcore.AsyncNetworkBackend):
    """Connects to nothing, and tells to what."""

    def __init__(self, *dead: str) -> None:
        self.dead = dead
        self.tried: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A stream, unless ``host`` is dead."""
        assert port == 443
        assert timeout is None or timeout > 0
        assert local_address is None
        assert socket_options is None
        self.tried.append(host)
        if host in self.dead:
            raise httpcore.ConnectError(host)
        return httpcore.AsyncNetworkStream()


class Names:
    """A name server that changes its answers."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        """The next answer; the last one for ever."""
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def backend(names: Names, network: Network, *, allow_private: bool = False) -> PinnedBackend:
    return PinnedBackend(names, allow_private=allow_private, network=network)


async def test_a_name_is_resolved_once_and_the_resolved_address_is_connected_to() -> None:
    names, network = Names(["93.184.216.34"], ["127.0.0.1"]), Network()
    await backend(names, network).connect_tcp("receiver.test", 443, timeout=10)
    assert (names.asked, network.tried) == (["receiver.test"], ["93.184.216.34"])


async def test_a_name_that_turns_inward_for_its_second_connection_is_refused() -> None:
    names, network = Names(["93.184.216.34"], ["169.254.169.254"]), Network()
    pinned = backend(names, network)
    await pinned.connect_tcp("receiver.test", 443)
    with pytest.raises(Forbidden):
        await pinned.connect_tcp("receiver.test", 443)
    assert network.tried == ["93.184.216.34"]


async def test_of_mixed_answers_only_the_allowed_are_tried() -> None:
    names, network = Names(["127.0.0.1", "::1", "93.184.216.34", "10.0.0.1"]), Network("93.184.216.34")
    with pytest.raises(httpcore.ConnectError):
        await backend(names, network).connect_tcp("receiver.test", 443)
    assert network.tried == ["93.184.216.34"]


async def test_when_an_address_is_dead_the_next_is_tried() -> None:
    names, network = Names(["2606:4700:4700::1111", "93.184.216.34"]), Network("2606:4700:4700::1111")
    await backend(names, network).connect_tcp("receiver.test", 443, timeout=10)
    assert network.tried == ["2606:4700:4700::1111", "93.184.216.34"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "169.254.169.254", "::ffff:10.0.0.1"])
async def test_a_literal_is_checked_as_well_and_never_resolved(host: str) -> None:
    names, network = Names(["93.184.216.34"]), Network()
    with pytest.raises(Forbidden):
        await backend(names, network).connect_tcp(host, 443)
    assert (names.asked, network.tried) == ([], [])


async def test_a_mapped_address_is_connected_to_in_the_form_that_was_checked() -> None:
    names, network = Names(["::ffff:93.184.216.34"]), Network()
    await backend(names, network).connect_tcp("receiver.test", 443)
    assert network.tried == ["93.184.216.34"]


async def test_an_endpoint_on_our_own_network_still_never_reaches_the_metadata_service() -> None:
    names, network = Names(["10.0.0.7"], ["169.254.169.254"]), Network()
    pinned = backend(names, network, allow_private=True)
    await pinned.connect_tcp("helpdesk.internal", 443)
    with pytest.raises(Forbidden, match="reserved"):
        await pinned.connect_tcp("helpdesk.internal", 443)
    assert network.tried == ["10.0.0.7"]


async def test_a_name_without_addresses_is_refused() -> None:
    with pytest.raises(Forbidden, match="no address"):
        await backend(Names([]), Network()).connect_tcp("receiver.test", 443)
