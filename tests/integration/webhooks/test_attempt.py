"""One attempt over real sockets: bounded in time and bytes, whatever the receiver does."""

import asyncio
import socket
from datetime import timedelta

import pytest

from raw_server import Behaviour, Connection, answer, raw_server
from shenava.webhooks.attempt import EXCERPT_CHARACTERS
from shenava.webhooks.outcome import Answer, Failure
from webhook_slot import PATIENT, a_slot

BODY = '{"text":"سلام"}'.encode()
HEADERS = {"webhook-id": "m-1"}
SHORT = timedelta(milliseconds=300)
GIGABYTE = 1_000_000_000


async def attempt(
    behaviour: Behaviour, *, deadline: timedelta = PATIENT, body_grace: timedelta = PATIENT
) -> Answer | Failure:
    async with raw_server(behaviour) as server, a_slot(body_grace=body_grace) as slot:
        return await slot.call(f"http://127.0.0.1:{server.port}/hook", HEADERS, BODY, deadline=deadline)


async def test_the_body_arrives_byte_for_byte_with_its_headers() -> None:
    async with raw_server(answer(204)) as server, a_slot() as slot:
        url = f"http://receiver.test:{server.port}/hook?key=1"
        assert await slot.call(url, HEADERS, BODY, deadline=PATIENT) == Answer(204, {"content-length": "0"})
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == BODY
    lines = head.decode().lower().split("\r\n")
    assert lines[0] == "post /hook?key=1 http/1.1"
    assert f"host: receiver.test:{server.port}" in lines
    assert "webhook-id: m-1" in lines
    assert "content-type: application/json" in lines
    assert "accept-encoding: identity" in lines


async def test_calls_in_a_row_share_one_connection() -> None:
    async with raw_server(answer(200, body=b"ok")) as server, a_slot() as slot:
        for _ in range(3):
            assert isinstance(await slot.call(f"http://127.0.0.1:{server.port}/", {}, BODY, deadline=PATIENT), Answer)
        assert server.connections == 1


async def test_a_redirect_is_not_followed() -> None:
    async with raw_server(answer(200)) as inner:
        location = f"Location: http://127.0.0.1:{inner.port}/secret"
        result = await attempt(answer(307, location))
        assert isinstance(result, Answer)
        assert result.status == 307
        assert inner.connections == 0


async def test_cookies_are_not_kept() -> None:
    async with raw_server(answer(204, "Set-Cookie: session=1; Path=/")) as server, a_slot() as slot:
        for _ in range(2):
            await slot.call(f"http://127.0.0.1:{server.port}/", {}, BODY, deadline=PATIENT)
        assert b"cookie" not in server.requests[1].lower()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(answer(500)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        result = await attempt(answer(204))
        assert isinstance(result, Answer)
        assert result.status == 204
        assert proxy.connections == 0


async def test_an_error_keeps_the_beginning_of_its_body() -> None:
    result = await attempt(answer(422, body="فیلد «نام»\x00 ".encode() * 500))
    assert isinstance(result, Answer)
    assert result.excerpt.startswith("فیلد «نام»\ufffd ")
    assert len(result.excerpt) == EXCERPT_CHARACTERS


async def test_a_compressed_answer_is_not_unfolded() -> None:
    result = await attempt(answer(500, "Content-Encoding: gzip", body=b"\x1f\x8b not really gzip"))
    assert isinstance(result, Answer)
    assert "not really gzip" in result.excerpt


async def test_a_body_of_a_gigabyte_is_cut_off_at_the_cap() -> None:
    written = 0

    async def flood(connection: Connection) -> None:
        nonlocal written
        await connection.write(f"HTTP/1.1 500 Flood\r\nContent-Length: {GIGABYTE}\r\n\r\n".encode())
        for _ in range(GIGABYTE // 65_536):
            await connection.write(b"x" * 65_536)
            written += 65_536

    async with raw_server(flood) as server, a_slot() as slot:
        result = await slot.call(f"http://127.0.0.1:{server.port}/", {}, BODY, deadline=PATIENT)
        await asyncio.wait_for(server.gone.wait(), 30)
    assert isinstance(result, Answer)
    assert result.status == 500
    # What the two sockets' buffers hold has left the server; hardly more.
    assert written < GIGABYTE / 20


async def test_a_body_that_drips_is_left_after_its_grace() -> None:
    async def drip(connection: Connection) -> None:
        await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            await connection.write(b".")
            await asyncio.sleep(0.01)

    result = await attempt(drip, body_grace=SHORT)
    assert isinstance(result, Answer)
    assert result.status == 200
    assert set(result.excerpt) == {"."}


async def test_headers_that_drip_end_at_the_deadline() -> None:
    async def drip(connection: Connection) -> None:
        await connection.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            await connection.write(b"X-Drip: 1\r\n")
            await asyncio.sleep(0.01)

    result = await attempt(drip, deadline=SHORT)
    assert isinstance(result, Failure)
    assert result.kind == "timeout"


async def test_silence_ends_at_the_deadline_and_the_slot_serves_on() -> None:
    silent = True

    async def behave(connection: Connection) -> None:
        if silent:
            await asyncio.Event().wait()
        await connection.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with raw_server(behave) as server, a_slot() as slot:
        url = f"http://127.0.0.1:{server.port}/"
        result = await slot.call(url, {}, BODY, deadline=SHORT)
        assert isinstance(result, Failure)
        assert result.kind == "timeout"
        silent = False
        assert isinstance(await slot.call(url, {}, BODY, deadline=PATIENT), Answer)


async def _reset(connection: Connection) -> None:
    connection.reset()


async def _not_http(connection: Connection) -> None:
    await connection.write(b"SSH-2.0-OpenSSH_9.7\r\n\r\n")


async def _half_a_header(connection: Connection) -> None:
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    connection.writer.close()


async def _endless_header(connection: Connection) -> None:
    while True:
        await connection.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 65_536)


@pytest.mark.parametrize("behaviour", [_reset, _not_http, _half_a_header, _endless_header])
async def test_what_is_not_an_http_answer_is_a_protocol_failure(behaviour: Behaviour) -> None:
    result = await attempt(behaviour)
    assert isinstance(result, Failure)
    assert result.kind == "protocol"


@pytest.mark.parametrize("status", [200, 500])
async def test_a_connection_that_breaks_after_the_status_changes_nothing(status: int) -> None:
    async def behave(connection: Connection) -> None:
        await connection.write(f"HTTP/1.1 {status} Half\r\nContent-Length: 1000\r\n\r\nhalf".encode())
        connection.reset()

    result = await attempt(behave)
    assert isinstance(result, Answer)
    assert result.status == status


async def test_a_closed_port_is_a_connect_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    async with a_slot() as slot:
        result = await slot.call(f"http://127.0.0.1:{port}/", {}, BODY, deadline=PATIENT)
    assert isinstance(result, Failure)
    assert result.kind == "connect"


@pytest.mark.parametrize("url", ["ftp://receiver.test/", "https://[zz]/", "https://receiver.test:99999/"])
async def test_a_url_that_cannot_be_called_is_a_failure_and_no_crash(url: str) -> None:
    async with a_slot() as slot:
        assert isinstance(await slot.call(url, {}, BODY, deadline=PATIENT), Failure)
