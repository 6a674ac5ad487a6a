"""The producer: one writing task per partition, fed by a bounded queue, one batch in flight each.

Batches cost a sixth of single sends, and aiokafka's ``send_batch`` times out falsely when it is called concurrently for
one partition; so each partition has a lane of its own. After a failed write the client is replaced, because an
idempotent aiokafka client cannot go on after it has lost a batch.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self
from zlib import crc32

import structlog

from shenava.kafka.ports import Delivery, Outbound, WriteFailed
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

LANE_RECORDS = 5000
Ticket = tuple[Sequence[Outbound], "asyncio.Future[None]"]


def partition_of(key: bytes | None, partitions: int) -> int:
    """The partition of a key: CRC-32 modulo the count, as librdkafka's ``consistent`` partitioner; no key goes to 0."""
    return crc32(key) % partitions if key else 0


class Producer:
    """Writes records and returns once all of them are acknowledged by the in-sync replicas.

    Use as an async context manager. Records of one key keep the order in which they were given.

    Args:
        connect: makes a client that is not started yet; called again whenever one has failed.
    """

    def __init__(self, connect: Callable[[], Delivery]) -> None:
        self._connect = connect
        self._client: Delivery | None = None
        self._renewing = asyncio.Lock()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.client()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes.values():
            lane.close()
        await asyncio.gather(*(lane.ended() for lane in self._lanes.values()))
        if self._client is not None:
            await self._client.stop()
        await asyncio.gather(*self._background)

    async def send(self, records: Sequence[Outbound]) -> None:
        """Write ``records``; return once every one is acknowledged.

        Raises:
            WriteFailed: at least one was not acknowledged. The others may have been written: send all again, ids make
                the repeats harmless.
        """
        by_lane: defaultdict[tuple[str, int], list[Outbound]] = defaultdict(list)
        counts: dict[str, int] = {}
        for record in records:
            partition = record.partition
            if partition is None:
                if record.topic not in counts:
                    counts[record.topic] = await (await self.client()).partitions(record.topic)
                partition = partition_of(record.key, counts[record.topic])
            by_lane[record.topic, partition].append(record)
        acknowledged = [await self._lane(*place).put(group) for place, group in by_lane.items()]
        results = await asyncio.gather(*acknowledged, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def client(self) -> Delivery:
        """The client in use, made and started if there is none.

        Raises:
            WriteFailed: the brokers cannot be reached.
        """
        if self._client is not None:
            return self._client
        async with self._renewing:
            if self._client is None:
                fresh = self._connect()
                try:
                    await fresh.start()
                except BaseException as error:  # whatever the client library raises, the caller may try again
                    await fresh.stop()
                    if not isinstance(error, Exception):
                        raise
                    raise WriteFailed(f"the brokers cannot be reached: {error!r}") from error
                self._client = fresh
            return self._client

    def discard(self, failed: Delivery) -> None:
        """Have the next write use a new client, unless somebody else has already seen to it."""
        if self._client is failed:
            self._client = None
            metrics.PRODUCER_RENEWALS.inc()
            log.warning("producer_renewed")
            stopping = asyncio.create_task(_stop_quietly(failed))
            self._background.add(stopping)
            stopping.add_done_callback(self._background.discard)

    def _lane(self, topic: str, partition: int) -> "Lane":
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = Lane(self, topic, partition)
        return lane


class Lane:
    """The writing task of one partition."""

    def __init__(self, producer: Producer, topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._waiting: list[Ticket] = []
        self._records = 0
        # Senders come in one by one, in the order in which they asked, so that a full lane wakes only the first.
        self._turnstile = asyncio.Lock()
        self._emptied = asyncio.Event()
        self._filled = asyncio.Event()
        self._closed = False
        self._task = asyncio.create_task(self._run(), name=f"lane {topic}[{partition}]")

    async def put(self, records: Sequence[Outbound]) -> "asyncio.Future[None]":
        """Queue ``records``, waiting while the lane is full; the future tells when they are acknowledged."""
        async with self._turnstile:
            while self._records >= LANE_RECORDS and not self._closed:
                self._emptied.clear()
                await self._emptied.wait()
        if self._closed:
            raise WriteFailed("the producer is stopping")
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((records, ticket))
        self._records += len(records)
        self._filled.set()
        return ticket

    def close(self) -> None:
        """Take nothing more; what is queued is still written."""
        self._closed = True
        self._emptied.set()
        self._filled.set()

    async def ended(self) -> None:
        """Until what was queued is written."""
        await self._task

    async def _run(self) -> None:
        while await self._something_waits():
            tickets, self._waiting, self._records = self._waiting, [], 0
            self._emptied.set()
            await self._write(tickets)

    async def _something_waits(self) -> bool:
        while not self._waiting and not self._closed:
            self._filled.clear()
            await self._filled.wait()
        return bool(self._waiting)

    async def _write(self, tickets: list[Ticket]) -> None:
        records = [record for group, _ in tickets for record in group]
        try:
            await self._write_all(records)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is theirs who wait, and the lane must go on
            metrics.PRODUCED.labels(self._topic, "failed").inc(len(records))
            for _, ticket in tickets:
                if not ticket.done():
                    ticket.set_exception(error)
                    ticket.exception()  # a caller that was cancelled meanwhile need not fetch it
        else:
            metrics.PRODUCED.labels(self._topic, "acknowledged").inc(len(records))
            for _, ticket in tickets:
                if not ticket.done():
                    ticket.set_result(None)

    async def _write_all(self, records: Sequence[Outbound]) -> None:
        done = 0
        while done < len(records):
            client = await self._producer.client()
            try:
                done += await client.write(self._topic, self._partition, records[done:] if done else records)
            except BaseException:
                self._producer.discard(client)
                raise


async def _stop_quietly(client: Delivery) -> None:
    try:
        await client.stop()
    except Exception as error:  # noqa: BLE001 - a broken client may fail in any way while it closes; it is gone either way
        log.debug("old_producer_not_closed", reason=repr(error))
