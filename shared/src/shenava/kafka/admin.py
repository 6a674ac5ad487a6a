"""Creates the topics of ``topics.py``; safe to run again, and says what differs from the list."""

import asyncio

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shenava import topics
from shenava.errors import Transient
from shenava.kafka.client import connection
from shenava.settings import KafkaSettings

log = structlog.get_logger(__name__)

DAY_MS = 86_400_000
DEAD_RETENTION_DAYS = 90
MAX_BYTES = 1_048_588  # Kafka's default
DEAD_MAX_BYTES = MAX_BYTES + 65_536


def wanted(replication: int, partitions: int | None = None) -> dict[str, NewTopic]:
    """Every topic and its dead letter topic as it should be; ``partitions`` overrides the list's own counts."""
    minimum = str(max(1, replication - 1))
    every: dict[str, NewTopic] = {}
    for topic in topics.ALL:
        for name, days in ((topic.name, topic.retention_days), (topic.dead, DEAD_RETENTION_DAYS)):
            every[name] = NewTopic(
                name=name,
                num_partitions=1 if name == topic.dead else partitions or topic.partitions,
                replication_factor=replication,
                topic_configs={
                    "retention.ms": str(days * DAY_MS),
                    "min.insync.replicas": minimum,
                    # The largest record of a topic must still fit with its origin and reason.
                    "max.message.bytes": str(DEAD_MAX_BYTES if name == topic.dead else MAX_BYTES),
                    # The brokers' clock: by a writer's that runs ahead records are refused, by one behind soon deleted.
                    "message.timestamp.type": "LogAppendTime",
                },
            )
    return every


async def create_topics(settings: KafkaSettings, *, replication: int = 1, partitions: int | None = None) -> list[str]:
    """Create what is missing; returns the names created.

    Raises:
        Transient: the cluster cannot be reached or does not take a topic.
    """
    client = AIOKafkaAdminClient(**connection(settings, "shenava-topics"))
    try:
        await client.start()
        return await _create_missing(client, wanted(replication, partitions))
    except (KafkaError, OSError) as error:
        raise Transient(f"topics cannot be created on {settings.bootstrap}: {error!r}") from error
    finally:
        await client.close()


async def _create_missing(client: AIOKafkaAdminClient, every: dict[str, NewTopic]) -> list[str]:
    present = set(await client.list_topics())
    missing = [topic for name, topic in every.items() if name not in present]
    if not missing:
        return []
    response = await client.create_topics(missing)
    created = []
    for name, code, *rest in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise Transient(f"topic {name} was not created: {error.__name__} {rest}")
        created.append(name)
    await _wait_until_led(client, [topic.name for topic in missing])
    log.info("topics_created", count=len(created))
    return created


async def _wait_until_led(client: AIOKafkaAdminClient, names: list[str]) -> None:
    """Until every partition of the new topics has a leader, so that the first write finds one."""
    async with asyncio.timeout(30):
        while True:
            described = await client.describe_topics(names)
            if all(p["leader"] >= 0 for topic in described for p in topic["partitions"]) and described:
                return
            await asyncio.sleep(0.1)
