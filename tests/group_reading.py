"""A consumer group on a real Kafka that reads a topic to its end, and can be set back to its beginning."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from shenava.codec import encode
from shenava.events import Event
from shenava.kafka.client import KafkaSubscription, connection
from shenava.kafka.consumer import Consumer, Handler
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import KafkaSettings
from shenava.testing.waiting import until


async def write(settings: KafkaSettings, topic: str, events: Sequence[Event]) -> None:
    """Put ``events`` on ``topic``, those of one key in their order."""
    async with producer("tests", settings) as out:
        await out.send([Outbound(topic, *encode(event, source="tests")) for event in events])


class Group:
    """The only member of a group that reads one topic, which has so many partitions."""

    def __init__(self, settings: KafkaSettings, topic: str, handler: Handler, *, partitions: int) -> None:
        self._settings = settings
        self._topic = topic
        self._name = f"group of {topic}"
        self._handler = handler
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]

    async def read_to_the_end(self) -> None:
        """Handle all there is, from the committed offsets on, and commit."""
        stop = asyncio.Event()
        subscription = KafkaSubscription([self._topic], group=self._name, settings=self._settings)
        async with producer("tests", self._settings) as out, self._looking() as looking, asyncio.TaskGroup() as tasks:
            consumer = Consumer(subscription, self._handler, out.send, group=self._name, settings=self._settings)
            tasks.create_task(consumer.run(stop))
            ends = await looking.end_offsets(self._partitions)

            async def finished() -> bool:
                return all([(await looking.committed(each) or 0) >= ends[each] for each in self._partitions])

            await until(finished)
            stop.set()

    async def set_back(self) -> None:
        """Commit offset 0 for every partition, as an operator does."""
        async with self._looking() as looking:
            looking.assign(self._partitions)
            await looking.commit(dict.fromkeys(self._partitions, 0))

    def _looking(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(group_id=self._name, enable_auto_commit=False, **connection(self._settings, "tests"))
