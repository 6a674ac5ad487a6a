"""What taking one event in costs, beside a FastAPI route that only says hello.

Four servers, one after another in random order, each uvicorn with uvloop and httptools in a process of its own: hello,
FastAPI with a pydantic body, our ingestor with a producer that acknowledges at once ("decoded"), and our ingestor on a
real Kafka ("acknowledged"). The same 32 keep-alive connections ask each of them; every answer must have the right
status.

    python benchmarks/ingest.py [--requests 6000] [--rounds 5]
"""

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from shenava.dev.kafka_node import KafkaCluster
from shenava.dev.processes import free_port
from shenava.kafka.admin import create_topics
from shenava.settings import KafkaSettings
from shenava.telemetry.logging import configure

CONNECTIONS = 32
VARIANTS = {"hello": 200, "pydantic": 202, "decoded": 202, "acknowledged": 202}
GOALS = {"decoded": 0.95, "acknowledged": 0.55}
BODY = msgspec.json.encode(
    {
        "channel": "instagram",
        "native_id": "ig-0001",
        "author": {"id": "ig:mina_k", "handle": "mina_k", "followers": 1200},
        "text": "سفارشم دو هفته‌ست که نرسیده؛ کسی هم جواب نمی‌ده! لطفا پیگیری کنید.",
    }
)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = (
    b"POST /v1/mentions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"X-API-Key: bench\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


@dataclass(frozen=True)
class Figure:
    """One run of one server."""

    per_second: float
    cpu_us: float


async def ask(port: int, request: bytes, status: int, times: int) -> None:
    """Send ``request`` so often over one connection, one after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    expected = b"HTTP/1.1 %d " % status
    for _ in range(times):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(expected):
            raise SystemExit(f"expected {status}, got {head[:200]!r}")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()


async def measure(variant: str, bootstrap: str, requests: int) -> Figure:
    """One run: start the server, warm it up, then ask."""
    port = free_port()
    child = Path(__file__).with_name("ingest_server.py")
    process = subprocess.Popen([sys.executable, str(child), variant, str(port), bootstrap])  # noqa: ASYNC220 - before the measurement
    try:
        request = GET if variant == "hello" else POST
        await _until_listening(port)
        await ask(port, request, VARIANTS[variant], 200)
        server = psutil.Process(process.pid)
        before, began = _cpu(server), perf_counter()
        each = requests // CONNECTIONS
        await asyncio.gather(*(ask(port, request, VARIANTS[variant], each) for _ in range(CONNECTIONS)))
        done = each * CONNECTIONS
        return Figure(done / (perf_counter() - began), (_cpu(server) - before) / done * 1e6)
    finally:
        process.kill()
        process.wait()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


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


async def main(requests: int, rounds: int) -> None:
    """Run the rounds and print the table."""
    figures: dict[str, list[Figure]] = {variant: [] for variant in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        async with KafkaCluster(Path(folder)) as cluster:
            await create_topics(KafkaSettings(bootstrap=cluster.bootstrap))
            for number in range(rounds):
                for variant in random.sample(list(VARIANTS), len(VARIANTS)):
                    figures[variant].append(await measure(variant, cluster.bootstrap, requests))
                print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    report(figures)


def report(figures: dict[str, list[Figure]]) -> None:
    """Medians, and the medians of the round-by-round ratios to hello."""
    print(f"{'variant':<14}{'req/s':>8}{'x hello':>9}{'goal':>6}{'server CPU us':>15}{'x hello':>9}")
    hello = figures["hello"]
    for variant, runs in figures.items():
        speed = _ratio([f.per_second for f in runs], [f.per_second for f in hello])
        cost = _ratio([f.cpu_us for f in runs], [f.cpu_us for f in hello])
        goal = f"{GOALS[variant]:.2f}" if variant in GOALS else ""
        median_speed = statistics.median(f.per_second for f in runs)
        median_cost = statistics.median(f.cpu_us for f in runs)
        print(f"{variant:<14}{median_speed:>8.0f}{speed:>9.2f}{goal:>6}{median_cost:>15.0f}{cost:>9.2f}")


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    configure("bench", level="ERROR", form="console")
    asyncio.run(main(given.requests, given.rounds))
