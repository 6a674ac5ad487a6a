"""Where an attempt goes, over real sockets: no inner address, no unknown certificate."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from raw_server import answer, raw_server
from shenava.webhooks.attempt import tls_context
from shenava.webhooks.outcome import Answer, Failure
from shenava.webhooks.pinning import Resolver
from webhook_slot import PATIENT, a_slot

CERTIFICATE = Path(__file__).parent / "receiver.test.pem"
"""Self-signed for receiver.test, with its key; made for these tests and used nowhere else."""

BODY = b"{}"


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    made = Resolver()
    yield made
    made.close()


async def test_a_name_that_does_not_resolve_is_a_dns_failure() -> None:
    async def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with a_slot(resolve=nowhere, allow_private=False) as slot:
        result = await slot.call("https://receiver.test/", {}, BODY, deadline=PATIENT)
    assert isinstance(result, Failure)
    assert result.kind == "dns"


@pytest.mark.parametrize("host", ["127.0.0.1", "receiver.test", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
async def test_an_inner_address_is_never_connected_to(host: str) -> None:
    async with raw_server(answer(204)) as server, a_slot(allow_private=False) as slot:
        result = await slot.call(f"http://{host}:{server.port}/", {}, BODY, deadline=PATIENT)
        assert server.connections == 0
    assert isinstance(result, Failure)
    assert result.kind == "forbidden_address"


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001"])
async def test_what_the_systems_own_resolver_makes_of_a_host_is_checked_too(host: str, resolver: Resolver) -> None:
    async with raw_server(answer(204)) as server, a_slot(resolve=resolver, allow_private=False) as slot:
        result = await slot.call(f"http://{host}:{server.port}/", {}, BODY, deadline=PATIENT)
        assert server.connections == 0
    assert isinstance(result, Failure)
    assert result.kind == "forbidden_address"


async def test_the_systems_own_resolver_finds_names(resolver: Resolver) -> None:
    async with raw_server(answer(204)) as server, a_slot(resolve=resolver) as slot:
        result = await slot.call(f"http://localhost:{server.port}/", {}, BODY, deadline=PATIENT)
    assert isinstance(result, Answer)


@pytest.fixture
def certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_tls_verifies_the_name_of_the_url_at_the_pinned_address(certified: ssl.SSLContext) -> None:
    async with raw_server(answer(204), tls=certified) as server, a_slot(tls=tls_context(str(CERTIFICATE))) as slot:
        trusted = await slot.call(f"https://receiver.test:{server.port}/", {}, BODY, deadline=PATIENT)
        assert isinstance(trusted, Answer)
        for other in ("other.test", "127.0.0.1"):
            refused = await slot.call(f"https://{other}:{server.port}/", {}, BODY, deadline=PATIENT)
            assert isinstance(refused, Failure)
            assert refused.kind == "tls"
        assert len(server.requests) == 1


async def test_an_unknown_certificate_gets_no_message(certified: ssl.SSLContext) -> None:
    async with raw_server(answer(204), tls=certified) as server, a_slot() as slot:
        result = await slot.call(f"https://receiver.test:{server.port}/", {}, BODY, deadline=PATIENT)
        assert isinstance(result, Failure)
        assert result.kind == "tls"
        assert server.requests == []
