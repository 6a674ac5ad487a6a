"""Makes a service a member of its consumer group: the loop, its watchdog, its readiness."""

import asyncio
from collections.abc import Sequence

from shenava.kafka.client import KafkaDelivery, KafkaSubscription
from shenava.kafka.consumer import Consumer, Handler
from shenava.kafka.producer import Producer
from shenava.kafka.watchdog import loop_watched, watch
from shenava.service import Service
from shenava.settings import KafkaSettings
from shenava.topics import Topic


def producer(client_id: str, settings: KafkaSettings) -> Producer:
    """A producer on Kafka; open it as an async context manager."""
    return Producer(lambda: KafkaDelivery(client_id=client_id, settings=settings))


def join(
    service: Service,
    topics: Sequence[Topic],
    handler: Handler,
    dead_letters: Producer,
    *,
    group: str,
    settings: KafkaSettings,
) -> Consumer:
    """Have ``service`` read ``topics`` as a member of ``group``; the group is named as the service is."""
    subscription = KafkaSubscription([topic.name for topic in topics], group=group, settings=settings)
    consumer = Consumer(subscription, handler, dead_letters.send, group=group, settings=settings)
    patience = 2 * settings.session_timeout.total_seconds()
    batch_patience = max(patience, settings.rebalance_timeout.total_seconds())

    async def watchdog(stop: asyncio.Event) -> None:
        async with loop_watched(batch_patience):
            await watch(consumer, subscription, stop, patience=patience, batch_patience=batch_patience)

    async def joined() -> str | None:
        return None if consumer.joined else f"not yet a member of the group {group}"

    service.tasks["consumer"] = consumer.run
    service.tasks["watchdog"] = watchdog
    service.health.add("consumer", joined)
    return consumer
