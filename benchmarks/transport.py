"""What our consumer loop and producer cost per message, beside a bare loop, Quix Streams and FastStream.

Every variant reads the same records from the same embedded Kafka, decodes, enriches, encodes and writes them with key,
id and CloudEvents headers, commits, and must have written every record; it runs in a process of its own, rounds in
random order. What is compared is CPU time per message from the first record to the last commit, so that start-up,
servers and waiting do not count.

    python benchmarks/transport.py [--messages 60000] [--rounds 5]
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shenava.codec import encode
from shenava.dev.kafka_node import KafkaCluster
from shenava.events import MentionReceived
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import KafkaSettings
from shenava.telemetry.logging import configure
from shenava.testing import builders

PARTITIONS = 4
VARIANTS = ("bare", "shenava", "quix", "faststream-batch")
PEERS = {"quix": "quix", "faststream-batch": "faststream"}
GOALS = {"bare": 1.2, "quix": 1 / 2.5, "faststream-batch": 1 / 3.5}


async def fill(settings: KafkaSettings, topic: str, count: int) -> None:
    """Write ``count`` mentions of about 650 bytes, spread over conversations."""
    async with producer("bench-fill", settings) as out:
        for start in range(0, count, 5000):
            await out.send([_record(topic, i) for i in range(start, min(start + 5000, count))])


def _record(topic: str, i: int) -> Outbound:
    event: MentionReceived = builders.received(
        native_id=f"p-{i}", conversation=f"t-{i % 997}", text="سفارشم دو هفته‌ست که نرسیده؛ کسی هم جواب نمی‌ده! " * 2
    )
    return Outbound(topic, *encode(event, source="ingestor"))


async def create(settings: KafkaSettings, topic: str) -> None:
    """An empty topic of four partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()


async def count(settings: KafkaSettings, topic: str) -> int:
    """How many records the topic has."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap)
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition(topic, p) for p in range(PARTITIONS)])
    await consumer.stop()
    return sum(ends.values())


async def measure(settings: KafkaSettings, variant: str, messages: int) -> float:
    """CPU microseconds per message of one run of ``variant``."""
    output = f"out.{variant}.{uuid4().hex}"
    await create(settings, output)
    folder = Path(__file__).parent
    if variant in PEERS:
        child = [folder.parent / ".venv-bench" / PEERS[variant] / "bin" / "python", folder / "transport_peers.py"]
    else:
        child = [Path(sys.executable), folder / "transport_variant.py"]
    command = [*map(str, child), variant, settings.bootstrap, "in", output, str(messages)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(f"{variant} failed:\n{done.stderr[-3000:]}")
    written = await count(settings, output)
    if written != messages:
        raise SystemExit(f"{variant} wrote {written} of {messages} messages: its figure would mean nothing")
    return float(json.loads(done.stdout.splitlines()[-1])["cpu_us"])


async def main(messages: int, rounds: int) -> None:
    """Run the rounds and print the table."""
    figures: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        async with KafkaCluster(Path(folder)) as cluster:
            settings = KafkaSettings(bootstrap=cluster.bootstrap)
            await create(settings, "in")
            await fill(settings, "in", messages)
            for number in range(rounds):
                for variant in random.sample(VARIANTS, len(VARIANTS)):
                    figures[variant].append(await measure(settings, variant, messages))
                print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    report(figures, messages)


def report(figures: dict[str, list[float]], messages: int) -> None:
    """Medians, and the median of the round-by-round ratios to us."""
    print(f"transport, {messages} messages, {len(figures['bare'])} rounds, {datetime.now(UTC):%Y-%m-%d}")
    print(f"{'variant':<18}{'CPU us/message':>16}{'shenava / variant':>20}{'goal':>8}")
    for variant, values in figures.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(figures["shenava"], values, strict=True))
        goal = f"{GOALS[variant]:.2f}" if variant in GOALS else ""
        print(f"{variant:<18}{statistics.median(values):>16.2f}{ratio:>20.2f}{goal:>8}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    configure("bench", level="ERROR", form="console")
    asyncio.run(main(given.messages, given.rounds))
