"""The proxy that breaks connections on purpose, tried with plain sockets: each fault is exactly what its name says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import pytest

from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.pacing import AT_ONCE, Pace, Timetable
from shenava.dev.postgres_said import Statements
from shenava.testing.waiting import until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Server:
    """Answers all with itself; remembers what it got and how its connections ended."""

    def __init__(self) -> None:
        self.got = b""
        self.ends: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.got += data
                writer.write(data)
            self.ends.append("closed")
        except ConnectionResetError:
            self.ends.append("reset")
        writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Server, FaultProxy]]:
    server = Server()
    async with (
        await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening,
        FaultProxy(listening.sockets[0].getsockname()) as proxy,
    ):
        yield server, proxy
    while _clients:
        _clients.pop().close()


_clients: list[asyncio.StreamWriter] = []


async def connected(proxy: FaultProxy) -> Streams:
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    _clients.append(streams[1])
    return streams


async def said(streams: Streams, line: bytes = b"hello\n") -> bytes:
    """The answer to ``line``."""
    streams[1].write(line)
    return await streams[0].readexactly(len(line))


async def is_silent(streams: Streams) -> bool:
    """Whether nothing comes, neither bytes nor an end, though there was time for both."""
    streams[1].write(b"anybody?\n")
    try:
        await asyncio.wait_for(streams[0].read(1), 0.2)
    except TimeoutError:
        return True
    return False


async def test_what_is_said_passes_unchanged_and_is_counted() -> None:
    async with proxied() as (server, proxy):
        streams = await connected(proxy)
        line = "سفارشم نرسید ".encode() * 50_000 + b"\n"
        assert await said(streams, line) == line
        streams[1].close()
        await until(lambda: server.ends == ["closed"])
        await until(lambda: proxy.traffic.open == 0)
        assert (proxy.traffic.to_server, proxy.traffic.to_client, proxy.traffic.cut) == (len(line), len(line), 0)


async def test_an_answer_arrives_whole_though_its_asker_has_closed_its_own_side() -> None:
    async with proxied() as (_, proxy):
        reader, writer = await connected(proxy)
        line = b"x" * 1_000_000 + b"\n"
        writer.write(line)
        writer.write_eof()
        assert await reader.read() == line


async def test_refusing_resets_what_is_open_and_what_comes_until_it_heals() -> None:
    async with proxied() as (server, proxy):
        reader, _ = streams = await connected(proxy)
        await said(streams)
        await proxy.refuse()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        with pytest.raises(ConnectionRefusedError):
            await connected(proxy)
        await until(lambda: server.ends == ["reset"])
        await proxy.heal()
        assert await said(await connected(proxy)) == b"hello\n"


async def test_a_black_hole_tells_nobody_anything() -> None:
    async with proxied() as (server, proxy):
        streams = await connected(proxy)
        await said(streams)
        await proxy.black_hole()
        late = await connected(proxy)
        assert await is_silent(streams)
        assert await is_silent(late)
        streams[1].close()
        await streams[1].wait_closed()
        assert (server.got, server.ends) == (b"hello\n", [])


async def test_what_has_lost_bytes_is_cut_when_it_heals_and_what_has_not_goes_on() -> None:
    async with proxied() as (server, proxy):
        talking, quiet = await connected(proxy), await connected(proxy)
        await said(talking)
        await said(quiet)
        await proxy.black_hole()
        assert await is_silent(talking)
        await proxy.heal()
        with pytest.raises(ConnectionResetError):
            await talking[0].read()
        assert await said(quiet) == b"hello\n"
        assert server.ends == ["reset"]


async def test_a_half_open_connection_stays_silent_for_ever_and_new_ones_pass() -> None:
    async with proxied() as (server, proxy):
        streams = await connected(proxy)
        await said(streams)
        await proxy.black_hole()
        assert await is_silent(streams)
        await proxy.heal(silent=True)
        await until(lambda: server.ends == ["reset"])
        assert await is_silent(streams)
        assert await said(await connected(proxy)) == b"hello\n"


async def test_cutting_resets_both_sides_of_all_that_is_open_and_nothing_else() -> None:
    async with proxied() as (server, proxy):
        several = [await connected(proxy) for _ in range(3)]
        for streams in several:
            await said(streams)
        assert await proxy.cut() == 3
        for reader, _ in several:
            with pytest.raises(ConnectionResetError):
                await reader.read()
        await until(lambda: server.ends == ["reset"] * 3)
        assert await said(await connected(proxy)) == b"hello\n"
        assert proxy.traffic.cut == 3


async def test_a_delayed_byte_is_never_early() -> None:
    async with proxied() as (_, proxy):
        streams = await connected(proxy)
        clock = asyncio.get_running_loop().time
        await proxy.slow(to_server=Pace(delay=0.1), to_client=Pace(delay=0.05, jitter=0.01))
        began = clock()
        await said(streams)
        assert clock() - began >= 0.15
        await proxy.heal()
        assert await said(streams) == b"hello\n"


async def test_a_throttled_link_passes_no_more_than_it_may() -> None:
    async with proxied() as (_, proxy):
        streams = await connected(proxy)
        clock = asyncio.get_running_loop().time
        await proxy.slow(to_server=Pace(bytes_per_second=10_000))
        began = clock()
        line = b"x" * 1_999 + b"\n"
        streams[1].write(line)
        assert await streams[0].readexactly(len(line)) == line
        assert clock() - began >= 0.2


@pytest.mark.parametrize("count", [1, 5, 6])
async def test_a_cut_after_so_many_bytes_lets_exactly_these_arrive(count: int) -> None:
    async with proxied() as (server, proxy):
        streams = await connected(proxy)
        await said(streams, b"before\n")
        armed = await proxy.cut_after(count, "to_server")
        streams[1].write(b"hello\n")
        await proxy.happened(armed)
        await until(lambda: server.ends != [])
        assert server.got == b"before\n" + b"hello\n"[:count]
        assert await said(await connected(proxy)) == b"hello\n"


async def test_an_answer_may_be_cut_in_its_middle() -> None:
    async with proxied() as (_, proxy):
        reader, writer = await connected(proxy)
        await proxy.cut_after(3, "to_client")
        writer.write(b"hello\n")
        assert await reader.read() == b"hel"


async def test_a_cut_before_the_word_keeps_it_from_the_server() -> None:
    async with proxied() as (server, proxy):
        reader, writer = streams = await connected(proxy)
        await said(streams, b"insert\n")
        armed = await proxy.cut_when("commit", before=True)
        assert await said(streams, b"com") == b"com"
        writer.write(b"mit\n")
        await proxy.happened(armed)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert server.got == b"insert\ncom"


async def test_a_cut_after_the_word_lets_it_take_effect_and_drops_the_answer() -> None:
    async with proxied() as (server, proxy):
        reader, writer = streams = await connected(proxy)
        await said(streams, b"commit of old\n")
        armed = await proxy.cut_when("commit", before=False)
        await said(streams, b"insert\n")
        writer.write(b"commit\n")
        await proxy.happened(armed)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert server.got.endswith(b"commit\n")
        assert await said(await connected(proxy), b"commit\n") == b"commit\n"


async def test_a_client_of_a_server_that_is_away_is_reset() -> None:
    async with FaultProxy(("127.0.0.1", 1)) as proxy:
        reader, _ = await connected(proxy)
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_it_obeys_from_any_loop() -> None:
    async with proxied() as (_, proxy):
        streams = await connected(proxy)
        await said(streams)
        thread = Thread(target=lambda: asyncio.run(proxy.refuse()))
        thread.start()
        with pytest.raises(ConnectionResetError):
            await streams[0].read()
        await asyncio.to_thread(thread.join)
        with pytest.raises(ConnectionRefusedError):
            await connected(proxy)


async def test_a_proxy_that_was_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="start"):
        await FaultProxy(("127.0.0.1", 1)).cut()


def test_bytes_never_overtake_one_another_however_the_jitter_falls() -> None:
    timetable, pace = Timetable(), Pace(delay=1.0, jitter=5.0)
    assert timetable.leaves(pace, now=0.0, size=10, chance=0.8) == 5.0
    assert timetable.leaves(pace, now=1.0, size=10, chance=0.0) == 5.0
    assert timetable.leaves(AT_ONCE, now=9.0, size=10, chance=0.0) == 9.0


def test_a_slow_link_takes_small_chunks() -> None:
    assert (Pace(bytes_per_second=1).chunk, Pace(bytes_per_second=1000).chunk, AT_ONCE.chunk) == (1, 50, 65_536)


def message(kind: bytes, *parts: bytes) -> bytes:
    content = b"\0".join([*parts, b""])
    return kind + (len(content) + 4).to_bytes(4, "big") + content


STARTUP = b"\0\0\0\x08\x04\xd2\x16\x2f" + message(b"", b"\0\x03\0\0user", b"router")


def test_statements_are_heard_with_the_transaction_they_belong_to() -> None:
    hear = Statements()
    stream = (
        STARTUP
        + message(b"Q", b"BEGIN;")
        + message(b"P", b"s1", b"INSERT INTO mentions")
        + message(b"B", b"", b"s1")
        + message(b"E", b"")
        + message(b"S")
        + message(b"Q", b"COMMIT;")
        + message(b"Q", b"SELECT 1")
    )
    texts = [b"BEGIN;", b"BEGIN;\nINSERT INTO mentions", b"BEGIN;\nINSERT INTO mentions\nCOMMIT;", b"SELECT 1"]
    heard = [one for byte in stream for one in hear(bytes([byte]))]
    assert [one.text for one in heard] == texts
    assert heard[2].text[heard[2].fresh :] == b"COMMIT;"
    assert [one.text for one in Statements()(stream)] == texts


def test_a_statement_prepared_once_is_heard_each_time_it_runs() -> None:
    hear = Statements()
    hear(STARTUP + message(b"P", b"s1", b"DELETE FROM outbox"))
    for _ in range(2):
        heard = hear(message(b"B", b"", b"s1") + message(b"E", b""))
        assert [one.text for one in heard] == [b"DELETE FROM outbox"]
