"""A lane: the one task that writes to a partition, fed by a bounded queue, one batch in flight.

Batches cost a sixth of single sends, and aiokafka's ``send_batch`` times out falsely when it is called concurrently for
one partition; so each partition has a lane of its own.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from shenava.kafka.ports import Delivery, Outbound, WriteFailed
from shenava.telemetry import metrics

LANE_RECORDS = 5000


class Clients(Protocol):
    """Where a lane has its client from."""

    async def client(self) -> Delivery:
        """The client in use."""

    def discard(self, failed: Delivery) -> None:
        """Have the next write use another one."""


class Ticket:
    """One who waits until what went into some lanes is written.

    Attributes:
        future: ends when the last lane has written, with the first error if there was one.
    """

    def __init__(self, lanes: int) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lanes = lanes
        self._error: Exception | None = None
        if not lanes:
            self.future.set_result(None)

    def ended(self, error: Exception | None) -> None:
        """One of the lanes has written, or has failed by ``error``."""
        self._lanes -= 1
        self._error = self._error or error
        if self._lanes or self.future.done():
            return
        if self._error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(self._error)
            self.future.exception()  # a caller that was cancelled meanwhile need not fetch it


class Lane:
    """The writing task of one partition."""

    def __init__(self, clients: Clients, topic: str, partition: int) -> None:
        self._clients = clients
        self._topic = topic
        self._partition = partition
        self._waiting: list[tuple[Sequence[Outbound], Ticket]] = []
        self._records = 0
        # Senders come in one by one, in the order in which they asked, so that a full lane wakes only the first.
        self._turnstile = asyncio.Lock()
        self._emptied = asyncio.Event()
        self._filled = asyncio.Event()
        self._closed = False
        self._acknowledged = metrics.PRODUCED.labels(topic, "acknowledged")
        self._failed = metrics.PRODUCED.labels(topic, "failed")
        self._task = asyncio.create_task(self._run(), name=f"lane {topic}[{partition}]")

    def is_full(self) -> bool:
        """Whether records must wait to be let in, or may not come in at all."""
        return self._records >= LANE_RECORDS or self._closed

    async def let_in(self) -> None:
        """Wait while the lane is full.

        Raises:
            WriteFailed: it takes nothing more.
        """
        async with self._turnstile:
            while self._records >= LANE_RECORDS and not self._closed:
                self._emptied.clear()
                await self._emptied.wait()
        if self._closed:
            raise WriteFailed("the producer is stopping")

    def take(self, records: Sequence[Outbound], ticket: Ticket) -> None:
        """Queue ``records``; ``ticket`` is told when they are written."""
        self._waiting.append((records, ticket))
        self._records += len(records)
        self._filled.set()

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
            waiting, self._waiting, self._records = self._waiting, [], 0
            self._emptied.set()
            records = [record for group, _ in waiting for record in group]
            error = await self._written(records)
            for _, ticket in waiting:
                ticket.ended(error)

    async def _something_waits(self) -> bool:
        while not self._waiting and not self._closed:
            self._filled.clear()
            await self._filled.wait()
        return bool(self._waiting)

    async def _written(self, records: Sequence[Outbound]) -> Exception | None:
        """Write ``records``; returns why not all of them were acknowledged."""
        try:
            await self._write_all(records)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is theirs who wait, and the lane must go on
            self._failed.inc(len(records))
            return error
        self._acknowledged.inc(len(records))
        return None

    async def _write_all(self, records: Sequence[Outbound]) -> None:
        done = 0
        while done < len(records):
            client = await self._clients.client()
            try:
                done += await client.write(self._topic, self._partition, records[done:] if done else records)
            except BaseException:
                self._clients.discard(client)
                raise
