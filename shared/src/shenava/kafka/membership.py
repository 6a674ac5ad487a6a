"""What aiokafka's consumer does not do by itself: commit only as a member, and tell where a log begins and ends."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shenava.errors import Transient
from shenava.kafka.ports import Committed, OnAssigned, OnRevoked, OutOfRange, Partition

PATIENCE_SECONDS = 0.5


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """Hands the rebalance to our callbacks with our own partition type."""

    def __init__(self, on_assigned: OnAssigned, on_revoked: OnRevoked) -> None:
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let go of what was ours."""
        await self._on_revoked(frozenset(Partition(*tp) for tp in revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Begin with what is ours now."""
        await self._on_assigned(frozenset(Partition(*tp) for tp in assigned))


def commit_only_as_member(consumer: AIOKafkaConsumer) -> None:
    """Have the started ``consumer`` send no commit while it is no member, or for a share that it had before.

    aiokafka sends it as nobody's, and a group without members takes that from anyone: after a cluster has lost its logs
    it would store where we were in the former ones, and what is written to the new ones would be skipped.
    """
    coordinator = consumer._coordinator  # noqa: SLF001 - the one place where the generation is read and sent
    send = coordinator._do_commit_offsets  # noqa: SLF001 - as above

    async def send_as_member(assignment: Any, offsets: Any) -> None:
        if not assignment.active or coordinator.generation <= 0:
            raise CommitFailedError("we are no member of the group now")
        await send(assignment, offsets)

    coordinator._do_commit_offsets = send_as_member  # noqa: SLF001 - as above


async def committed(
    consumer: AIOKafkaConsumer, partitions: Iterable[Partition], timeout_seconds: float
) -> Mapping[Partition, Committed]:
    """What the group has stored of ``partitions``, with the notes, which aiokafka itself does not hand out.

    Raises:
        Transient: nobody answers in time.
    """
    coordinator = consumer._coordinator  # noqa: SLF001 - as said above
    try:
        async with asyncio.timeout(timeout_seconds):
            stored = await coordinator.fetch_committed_offsets([TopicPartition(*each) for each in partitions])
    except (KafkaError, TimeoutError) as error:
        raise Transient(f"kafka does not tell what is committed: {error!r}") from error
    return {Partition(*tp): Committed(mark.offset, mark.metadata or "") for tp, mark in stored.items()}


async def read_from_the_earliest(consumer: AIOKafkaConsumer, tp: TopicPartition) -> None:
    """Read a partition, of which the group has stored nothing, from its earliest record."""
    with suppress(TimeoutError, IllegalStateError):  # brokers are slow, and the next poll waits on; it is not ours now
        async with asyncio.timeout(PATIENCE_SECONDS):
            await consumer.seek_to_beginning(tp)


async def find_place(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> None:
    """Go on with a partition that cannot be read at ``offset``; where nothing can be learnt, the next poll tells again.

    Raises:
        OutOfRange: the log has not got the offset; it is read from its earliest record now.
    """
    assignment = consumer._subscription.subscription.assignment  # noqa: SLF001 - tells whether it is still the same share
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            earliest = (await consumer.beginning_offsets([tp]))[tp]
            latest = (await consumer.end_offsets([tp]))[tp]
    except (KafkaError, TimeoutError):
        return
    if assignment is None or not assignment.active or earliest <= offset <= latest:
        return
    consumer.seek(tp, earliest)
    raise OutOfRange(Partition(*tp), offset, earliest=earliest, latest=latest)
