"""The producer: spreads records over the lanes of their partitions, and replaces a client that has failed.

An idempotent aiokafka client cannot go on after it has lost a batch. While no new one can be started, writes fail at
once instead of waiting for what is known to be away.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self
from zlib import crc32

import structlog

from shenava.kafka.lane import Lane, Ticket
from shenava.kafka.ports import Delivery, Outbound, WriteFailed
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

RENEW_SECONDS = 0.3


def partition_of(key: bytes | None, partitions: int) -> int:
    """The partition of a key: CRC-32 modulo the count, as librdkafka's ``consistent`` partitioner; no key goes to 0."""
    return crc32(key) % partitions if key else 0


class Producer:
    """Writes records and returns once all of them are acknowledged by the in-sync replicas.

    Use as an async context manager. Records of one key keep the order in which they were given.

    Args:
        connect: makes a client that is not started yet; called again whenever one has failed.
        renew_seconds: the pause after a client could not be started.
    """

    def __init__(self, connect: Callable[[], Delivery], *, renew_seconds: float = RENEW_SECONDS) -> None:
        self._connect = connect
        self._renew_seconds = renew_seconds
        self._client: Delivery | None = None
        self._away: WriteFailed | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        # Whoever needs a client passes here one by one, so that none overtakes another who has waited for it.
        self._turnstile = asyncio.Lock()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._outside: set[asyncio.Task[None]] = set()
        self._background: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        try:
            await self.client()
        except BaseException:
            await self._renew_no_more()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes.values():
            lane.close()
        await asyncio.gather(*(lane.ended() for lane in self._lanes.values()))
        await self._renew_no_more()
        if self._client is not None:
            await self._client.stop()
        await asyncio.gather(*self._background)

    async def send(self, records: Sequence[Outbound]) -> None:
        """Write ``records``; return once every one is acknowledged.

        Raises:
            WriteFailed: at least one was not acknowledged. The others may have been written: send all again, ids make
                the repeats harmless.
        """
        await self.begin(records)

    def begin(self, records: Sequence[Outbound]) -> "asyncio.Future[None]":
        """Start to write ``records``; the future ends as :meth:`send` does.

        It costs no task where the lanes have room. What is cancelled may be written even so.
        """
        # While anybody is still on the way into a lane, those who come later queue up behind.
        if not self._outside:
            try:
                groups = self._grouped(records, _Told(self._client))
            except _NotTold:
                groups = {}
            if groups and not any(lane.is_full() for lane in groups):
                ticket = Ticket(len(groups))
                for lane, group in groups.items():
                    lane.take(group, ticket)
                return ticket.future
        entering = asyncio.create_task(self._enter(records))
        self._outside.add(entering)
        entering.add_done_callback(self._outside.discard)
        return entering

    async def client(self) -> Delivery:
        """The client in use; if there is none, one is started, and tried on in the background should that fail.

        Raises:
            WriteFailed: the brokers cannot be reached; at once while that is known.
        """
        async with self._turnstile:
            while self._client is None:
                if self._away is not None:
                    raise WriteFailed(str(self._away)) from self._away
                if self._renewing is None or self._renewing.done():
                    self._tried.clear()
                    self._renewing = asyncio.create_task(self._renew())
                await self._tried.wait()
            return self._client

    async def _renew(self) -> None:
        """Start a client, as often as it takes; whoever waits is told of the first failure."""
        while self._client is None:
            try:
                self._client = await self._started()
            except WriteFailed as error:
                self._away = error
                self._tried.set()
                await asyncio.sleep(self._renew_seconds)
        self._away = None
        self._tried.set()

    async def _started(self) -> Delivery:
        fresh = self._connect()
        try:
            await fresh.start()
        except BaseException as error:  # whatever the client library raises, the caller may try again
            await fresh.stop()
            if isinstance(error, WriteFailed) or not isinstance(error, Exception):
                raise
            raise WriteFailed(f"the brokers cannot be reached: {error!r}") from error
        return fresh

    async def _renew_no_more(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])

    def discard(self, failed: Delivery) -> None:
        """Have the next write use a new client, unless somebody else has already seen to it."""
        if self._client is failed:
            self._client = None
            metrics.PRODUCER_RENEWALS.inc()
            log.warning("producer_renewed")
            stopping = asyncio.create_task(_stop_quietly(failed))
            self._background.add(stopping)
            stopping.add_done_callback(self._background.discard)

    async def _enter(self, records: Sequence[Outbound]) -> None:
        """Ask and wait for all that :meth:`begin` may not."""
        unplaced = {record.topic for record in records if record.partition is None}
        groups = self._grouped(records, {topic: await (await self.client()).partitions(topic) for topic in unplaced})
        ticket = Ticket(len(groups))
        for lane, group in groups.items():
            await lane.let_in()
            lane.take(group, ticket)
        entering = asyncio.current_task()
        if entering is not None:
            self._outside.discard(entering)
        await ticket.future

    def _grouped(self, records: Sequence[Outbound], counts: Mapping[str, int]) -> dict[Lane, list[Outbound]]:
        groups: dict[Lane, list[Outbound]] = {}
        for record in records:
            partition = record.partition
            if partition is None:
                partition = partition_of(record.key, counts[record.topic])
            groups.setdefault(self._lane(record.topic, partition), []).append(record)
        return groups

    def _lane(self, topic: str, partition: int) -> Lane:
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = Lane(self, topic, partition)
        return lane


class _NotTold(Exception):  # noqa: N818 - named for what happened
    """The brokers have not told yet how many partitions a topic has."""


class _Told(dict[str, int]):
    """How many partitions each topic has, as far as ``client`` has been told."""

    def __init__(self, client: Delivery | None) -> None:
        self._client = client

    def __missing__(self, topic: str) -> int:
        told = None if self._client is None else self._client.known_partitions(topic)
        if told is None:
            raise _NotTold
        self[topic] = told
        return told


async def _stop_quietly(client: Delivery) -> None:
    try:
        await client.stop()
    except Exception as error:  # noqa: BLE001 - a broken client may fail in any way while it closes; it is gone either way
        log.debug("old_producer_not_closed", reason=repr(error))
