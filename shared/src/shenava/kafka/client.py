"""aiokafka behind the ports: the only file that knows its consumer and producer."""

import asyncio
import ssl
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from shenava.errors import Fatal
from shenava.kafka import closed_transport, ports
from shenava.kafka.identity import identify_anew_with_each_connection
from shenava.kafka.membership import Listener, commit_only_as_member, committed, find_place, read_from_the_earliest
from shenava.kafka.ports import CommitRefused, OnAssigned, OnRevoked, Outbound, Partition, Record, WriteFailed
from shenava.settings import KafkaSettings

closed_transport.install()

MAX_BATCH_BYTES = 262_144
MAX_REQUEST_BYTES = 1_048_576
REBALANCE_POLL_SECONDS = 0.5
STOP_SECONDS = 5.0
TOPICS_LOOK_SECONDS = 0.5


def connection(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """The keyword arguments that every aiokafka client shares."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "client_id": client_id,
        "security_protocol": settings.security_protocol,
        "request_timeout_ms": _ms(settings.request_timeout.total_seconds()),
    }
    if settings.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = ssl.create_default_context(cafile=settings.ssl_ca_file)
    if settings.security_protocol.startswith("SASL") and settings.sasl_password is not None:
        arguments["sasl_mechanism"] = settings.sasl_mechanism
        arguments["sasl_plain_username"] = settings.sasl_username
        arguments["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return arguments


class KafkaSubscription:
    """A member of a consumer group on Kafka."""

    def __init__(self, topics: Sequence[str], *, group: str, settings: KafkaSettings) -> None:
        session = settings.session_timeout.total_seconds()
        self._topics = list(topics)
        self._bootstrap = settings.bootstrap
        self._timeout = settings.request_timeout.total_seconds()
        self._consumer = AIOKafkaConsumer(
            group_id=group,
            group_instance_id=settings.instance_id,
            enable_auto_commit=False,
            auto_offset_reset="none",  # nothing is skipped or read again without a word
            metadata_max_age_ms=_ms(settings.metadata_max_age.total_seconds()),
            session_timeout_ms=_ms(session),
            heartbeat_interval_ms=_ms(session / 4),
            rebalance_timeout_ms=_ms(settings.rebalance_timeout.total_seconds()),
            max_partition_fetch_bytes=MAX_REQUEST_BYTES,
            **connection(settings, group),
        )

    async def start(self, on_assigned: OnAssigned, on_revoked: OnRevoked) -> None:
        """Connect, then join the group; the assignment comes while polling.

        Raises:
            Fatal: the brokers cannot be reached or have not got the topics.
        """
        try:
            await self._consumer.start()
            commit_only_as_member(self._consumer)
            await self._wait_for_topics()
        except KafkaError as error:
            raise Fatal(_away(self._bootstrap, error)) from error
        # Subscribed before, it would wait for its share without a limit, and a stop could not end that.
        self._consumer.subscribe(self._topics, listener=Listener(on_assigned, on_revoked))

    async def stop(self) -> None:
        """Leave the group."""
        await self._consumer.stop()

    async def poll(self, max_records: int, timeout_ms: int) -> Mapping[Partition, Sequence[Record]]:
        """Records of the partitions that are not paused; the first of a partition new to the group are the earliest."""
        try:
            # While the group rebalances aiokafka waits for our new share without a limit. It moves no position before
            # its last await, so nothing is lost by leaving it.
            async with asyncio.timeout(timeout_ms / 1000 + REBALANCE_POLL_SECONDS):
                polled = await self._consumer.getmany(timeout_ms=timeout_ms, max_records=max_records)
                return {Partition(*tp): records for tp, records in polled.items()}
        except NoOffsetForPartitionError as error:
            await read_from_the_earliest(self._consumer, *error.args)
        except OffsetOutOfRangeError as error:
            ((tp, offset),) = error.args[0].items()
            await find_place(self._consumer, tp, offset)
        except TimeoutError:
            pass
        return {}

    async def commit(self, offsets: Mapping[Partition, int], notes: Mapping[Partition, str] | None = None) -> None:
        """Store the next offsets, with their notes, of those partitions that are still ours."""
        ours, notes = self._consumer.assignment(), notes or {}
        marks = {TopicPartition(*p): (offset, notes.get(p, "")) for p, offset in offsets.items() if p in ours}
        if not marks:
            return
        try:
            await self._consumer.commit(marks)
        except (CommitFailedError, IllegalStateError) as error:
            raise CommitRefused(str(error)) from error

    async def committed(self, partitions: Collection[Partition]) -> Mapping[Partition, ports.Committed]:
        """What the group has stored, with the notes."""
        return await committed(self._consumer, partitions, self._timeout)

    def pause(self, partition: Partition) -> None:
        """Take nothing more from the partition."""
        if partition in self._consumer.assignment():
            self._consumer.pause(TopicPartition(*partition))

    def resume(self, partition: Partition) -> None:
        """Take from the partition again."""
        if partition in self._consumer.assignment():
            self._consumer.resume(TopicPartition(*partition))

    def assignment(self) -> frozenset[Partition]:
        """The partitions that are ours now."""
        return frozenset(Partition(*tp) for tp in self._consumer.assignment())

    def lag(self) -> Mapping[Partition, int]:
        """High-water mark as of the last fetch, less our position; floored at 0."""
        lags = {}
        for tp in self._consumer.assignment():
            highwater = self._consumer.highwater(tp)
            state = self._consumer._subscription.subscription.assignment  # noqa: SLF001 - position() would await a fetch
            if highwater is not None and state is not None and state.state_value(tp).has_valid_position:
                lags[Partition(*tp)] = max(0, highwater - state.state_value(tp).position)
        return lags

    async def backlog(self) -> int:
        """Ask the brokers for the ends of our partitions and compare with our positions."""
        async with asyncio.timeout(self._timeout):
            ours = self._consumer.assignment()
            ends = await self._consumer.end_offsets(ours)
            return sum([max(0, end - await self._consumer.position(tp)) for tp, end in ends.items()])

    async def _wait_for_topics(self) -> None:
        missing = set(self._topics)
        try:
            async with asyncio.timeout(self._timeout):
                while missing := set(self._topics) - await self._consumer.topics():  # noqa: ASYNC110 - only asking tells
                    await asyncio.sleep(TOPICS_LOOK_SECONDS)
        except TimeoutError:
            raise Fatal(f"kafka has no topics {sorted(missing)}: run `shenava topics --create`") from None


class KafkaDelivery:
    """Writes batches to Kafka: idempotent, acknowledged by all in-sync replicas.

    A client whose write failed must be thrown away: aiokafka burns the sequence numbers of a failed idempotent
    batch, so that what follows is refused as out of order.
    """

    def __init__(self, *, client_id: str, settings: KafkaSettings) -> None:
        self._bootstrap = settings.bootstrap
        self._connect_timeout = settings.connect_timeout.total_seconds()
        self._timeout = settings.delivery_timeout.total_seconds()
        self._producer = AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            metadata_max_age_ms=_ms(settings.metadata_max_age.total_seconds()),
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            **connection(settings, client_id),
        )
        identify_anew_with_each_connection(self._producer)

    async def start(self) -> None:
        """Connect.

        Raises:
            WriteFailed: the brokers cannot be reached, or take connections but do not get ready in time.
        """
        try:
            async with asyncio.timeout(self._connect_timeout):
                await self._producer.start()
        except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
            raise WriteFailed(_away(self._bootstrap, error)) from error

    async def stop(self) -> None:
        """Close once what is in flight has ended, or has been given up."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._producer.stop()
        except TimeoutError:
            # An idempotent aiokafka client tries for ever: it would still write after the client that replaced it.
            self._producer._message_accumulator.fail_all(KafkaTimeoutError())  # noqa: SLF001 - there is no other way
            self._producer._sender.sender_task.cancel()  # noqa: SLF001 - as above
            await self._producer.client.close()

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""
        return len(await self._partitions(topic))

    def known_partitions(self, topic: str) -> int | None:
        """The same, as of the metadata at hand."""
        known = self._producer.client.cluster.partitions_for_topic(topic)
        return len(known) if known else None

    async def write(self, topic: str, partition: int, records: Sequence[Outbound]) -> int:
        """Fill one batch from the front, close it so that it leaves at once, await its acknowledgement."""
        if partition not in await self._partitions(topic):
            raise WriteFailed(f"topic {topic} has no partition {partition}")
        batch = self._producer.create_batch()
        count = 0
        for record in records:
            if batch.append(key=record.key, value=record.value, timestamp=None, headers=[*record.headers]) is None:
                break
            count += 1
        if not count:
            raise WriteFailed(f"one record of {len(records[0].value or b'')} bytes does not fit into an empty batch")
        batch.close()
        try:
            async with asyncio.timeout(self._timeout):
                await (await self._producer.send_batch(batch, topic, partition=partition))
        except (KafkaError, TimeoutError) as error:
            raise WriteFailed(f"{topic}[{partition}]: {error!r}") from error
        return count

    async def _partitions(self, topic: str) -> Collection[int]:
        try:
            known: Collection[int] = await self._producer.partitions_for(topic)
        except KafkaError as error:
            raise WriteFailed(f"topic {topic} cannot be looked up: {error!r}") from error
        return known


def _away(bootstrap: str, error: Exception) -> str:
    return f"kafka cannot be reached at {bootstrap}: {error!r}; SHENAVA_KAFKA_BOOTSTRAP names the brokers"


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
