"""Ours and the bare loop, each in its own process: reads, enriches and writes, then prints its CPU time.

python benchmarks/transport_variant.py VARIANT BOOTSTRAP INPUT OUTPUT MESSAGES
"""

import asyncio
import json
import resource
import sys
from collections.abc import Sequence
from typing import Any

import uvloop

from shenava.codec import decode, encode
from shenava.events import MentionClassified, MentionReceived
from shenava.ids import derive
from shenava.kafka.ports import Outbound
from shenava.kafka.producer import partition_of
from shenava.testing import builders

VERDICT = builders.classification()


def cpu_seconds() -> float:
    """User and system time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def enrich(event: MentionReceived) -> MentionClassified:
    """What the work between reading and writing is in every variant of ours."""
    return MentionClassified(
        event_id=derive("classified", event.event_id), brand=event.brand, occurred_at=event.occurred_at,
        mention=event.mention, classification=VERDICT,
    )  # fmt: skip


async def bare(bootstrap: str, read: str, write: str, messages: int) -> float:
    """Aiokafka by hand: getmany, one batch per partition, one commit; nothing else."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # noqa: PLC0415 - only this variant's cost

    consumer = AIOKafkaConsumer(
        read, bootstrap_servers=bootstrap, group_id=write, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    out = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=1_000_000)
    await consumer.start()
    await out.start()
    count = len(await out.partitions_for(write))
    done, began = 0, 0.0
    while done < messages:
        polled = await consumer.getmany(timeout_ms=200, max_records=500)
        began = began or (cpu_seconds() if polled else 0.0)
        batches: dict[int, Any] = {}
        for records in polled.values():
            for record in records:
                key, value, headers = encode(enrich(decode(record.value, record.headers)), source="bare")  # type: ignore[arg-type]
                partition = partition_of(key, count)
                batch = batches.get(partition) or batches.setdefault(partition, out.create_batch())
                if batch.append(key=key, value=value, headers=headers, timestamp=None) is None:
                    raise SystemExit("a poll did not fit into one batch per partition; lower max_records")
            done += len(records)
        for batch in batches.values():
            batch.close()
        sent = [await out.send_batch(batch, write, partition=p) for p, batch in batches.items()]
        await asyncio.gather(*sent)
        if polled:
            await consumer.commit({TopicPartition(*tp): records[-1].offset + 1 for tp, records in polled.items()})
    spent = cpu_seconds() - began
    await out.stop()
    await consumer.stop()
    return spent


async def shenava(bootstrap: str, read: str, write: str, messages: int) -> float:
    """Our consumer loop and producer."""
    from shenava.kafka.client import KafkaSubscription  # noqa: PLC0415 - only this variant's cost
    from shenava.kafka.consumer import Consumer, Inbound  # noqa: PLC0415
    from shenava.kafka.member import producer  # noqa: PLC0415
    from shenava.service import tune_collector  # noqa: PLC0415
    from shenava.settings import KafkaSettings  # noqa: PLC0415

    tune_collector()
    settings = KafkaSettings(bootstrap=bootstrap)
    stop = asyncio.Event()
    done, began = 0, 0.0
    async with producer("bench", settings) as out:

        async def handle(batch: Sequence[Inbound]) -> None:
            nonlocal done, began
            began = began or cpu_seconds()
            await out.send([Outbound(write, *encode(enrich(i.event), source="bench")) for i in batch])  # type: ignore[arg-type]
            done += len(batch)
            if done >= messages:
                stop.set()

        subscription = KafkaSubscription([read], group=write, settings=settings)
        await Consumer(subscription, handle, out.send, group=write, settings=settings).run(stop)
        return cpu_seconds() - began


VARIANTS = {"bare": bare, "shenava": shenava}


async def main() -> None:
    """Run the variant and print its figure as JSON."""
    variant, bootstrap, read, write, messages = sys.argv[1:]
    spent = await VARIANTS[variant](bootstrap, read, write, int(messages))
    print(json.dumps({"variant": variant, "cpu_us": spent / int(messages) * 1e6}))


if __name__ == "__main__":
    uvloop.run(main())  # as the services run
