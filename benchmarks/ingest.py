"""What taking events in costs, beside a FastAPI route that only says hello.

Every server is uvicorn with uvloop and httptools in a process of its own: hello; FastAPI with a pydantic body; our
ingestor with a producer that acknowledges at once ("decoded"); and our ingestor on a real Kafka ("acknowledged"); the
last two also with a hundred events a request ("bulk"). All of them wait; short turns of asking, in random order, go
round and round, so that what else the machine does falls on all alike. Every answer must have the right status.

    python benchmarks/ingest.py [--seconds 40]

Ratios are what counts. "x hello" compares events a second, the median of the rounds; the last column compares the
server's CPU time per event over all rounds, which other work on the machine disturbs least.
"""

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types
import uvloop

from ingest_client import ask
from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.processes import free_port
from shenava.kafka.admin import create_topics
from shenava.settings import KafkaSettings
from shenava.telemetry.logging import configure

CONNECTIONS = 32
TURN_SECONDS = 0.4
BULK = 100
AUTHORS = 256
# What a client library sends with every request, hello's too.
HEADERS = b"Host: localhost\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\nUser-Agent: bench\r\n"
GET = b"GET / HTTP/1.1\r\n%s\r\n" % HEADERS


def mention(number: int) -> bytes:
    """One mention; every author has a conversation, and so perhaps a partition, of its own."""
    return msgspec.json.encode(
        {
            "channel": "instagram",
            "native_id": f"ig-{number:06}",
            "author": {"id": f"ig:mina_{number % AUTHORS:03}", "handle": "mina_k", "followers": 1200},
            "text": "سفارشم دو هفته‌ست که نرسیده؛ کسی هم جواب نمی‌ده! لطفا پیگیری کنید.",
        }
    )


def post(body: bytes, media: bytes) -> bytes:
    """The request that submits ``body``."""
    own = b"Authorization: Bearer bench\r\nContent-Type: %s\r\nContent-Length: %d\r\n" % (media, len(body))
    return b"POST /v1/mentions HTTP/1.1\r\n%s%s\r\n%s" % (HEADERS, own, body)


SINGLES = [post(mention(number), b"application/json") for number in range(512)]
BULKS = [
    post(b"\n".join(map(mention, range(start, start + BULK))), b"application/x-ndjson")
    for start in range(0, 64 * BULK, BULK)
]


@dataclass
class Variant:
    """One server, how it is asked, and what came of it.

    Attributes:
        application: as ``ingest_server.py`` calls it.
        goal: events a second in times of hello's.
        each: requests of one connection in a turn; found while warming up.
    """

    name: str
    application: str
    requests: Sequence[bytes]
    status: int = 202
    events: int = 1
    goal: float | None = None
    each: int = 1
    per_second: list[float] = field(default_factory=list)
    cpu: float = 0.0
    taken: int = 0

    @property
    def cpu_us(self) -> float:
        """Of the server, for one event."""
        return self.cpu / self.taken * 1e6


def variants() -> list[Variant]:
    """The baseline first."""
    return [
        Variant("hello", "hello", [GET], status=200),
        Variant("pydantic", "pydantic", SINGLES),
        Variant("decoded", "decoded", SINGLES, goal=0.95),
        Variant("acknowledged", "acknowledged", SINGLES, goal=0.55),
        Variant("bulk decoded", "decoded", BULKS, events=BULK, goal=35),
        Variant("bulk acknowledged", "acknowledged", BULKS, events=BULK, goal=20),
    ]


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def servers(bootstrap: str) -> AsyncIterator[dict[str, Server]]:
    """One server for each application, by its name."""
    child = Path(__file__).with_name("ingest_server.py")
    started: list[subprocess.Popen[bytes]] = []
    running: dict[str, Server] = {}
    try:
        for application in {variant.application for variant in variants()}:
            port = free_port()
            command = [sys.executable, str(child), application, str(port), bootstrap]
            started.append(subprocess.Popen(command))  # noqa: ASYNC220 - before the measurement
            running[application] = Server(port, psutil.Process(started[-1].pid))
        for server in running.values():
            await _until_listening(server.port)
        yield running
    finally:
        for process in started:
            process.kill()
            process.wait()


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def turn(variant: Variant, server: Server) -> float:
    """Ask for one turn; returns the seconds it took."""
    before, began = server.cpu(), perf_counter()
    await ask(server.port, CONNECTIONS, variant.requests, variant.status, variant.each)
    took = perf_counter() - began
    events = variant.each * CONNECTIONS * variant.events
    variant.per_second.append(events / took)
    variant.cpu += server.cpu() - before
    variant.taken += events
    return took


async def warm_up(variant: Variant, server: Server) -> None:
    """Ask until a turn is long enough to be measured, and forget what came of it."""
    while (took := await turn(variant, server)) < TURN_SECONDS / 2:
        variant.each = max(variant.each + 1, round(variant.each * min(4, TURN_SECONDS / took)))
    variant.per_second, variant.cpu, variant.taken = [], 0.0, 0


async def main(seconds: float) -> None:
    """Run the rounds and print the table."""
    measured = variants()
    with tempfile.TemporaryDirectory() as folder:
        async with KafkaCluster(Path(folder)) as cluster:
            await create_topics(KafkaSettings(bootstrap=cluster.bootstrap))
            async with servers(cluster.bootstrap) as running:
                for variant in measured:
                    await warm_up(variant, running[variant.application])
                until = perf_counter() + seconds
                while perf_counter() < until:
                    for variant in random.sample(measured, len(measured)):
                        await turn(variant, running[variant.application])
    report(measured)


def report(measured: Sequence[Variant]) -> None:
    """One line a variant."""
    hello = measured[0]
    print(f"{len(hello.per_second)} rounds")
    print(f"{'variant':<18}{'events/s':>10}{'x hello':>9}{'goal':>7}{'CPU us/event':>14}{'x hello':>9}")
    for variant in measured:
        ratios = [ours / theirs for ours, theirs in zip(variant.per_second, hello.per_second, strict=True)]
        goal = "" if variant.goal is None else f"{variant.goal:.2f}"
        print(
            f"{variant.name:<18}{statistics.median(variant.per_second):>10.0f}{statistics.median(ratios):>9.2f}{goal:>7}"
            f"{variant.cpu_us:>14.1f}{variant.cpu_us / hello.cpu_us:>9.3f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40)
    given = parser.parse_args()
    configure("bench", level="ERROR", form="console")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(given.seconds))
