"""Writes records back onto their topics, each acknowledged by all in-sync replicas."""

import asyncio
from collections.abc import Sequence
from itertools import groupby

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shenava.dead_letters.log import NAME
from shenava.kafka.client import connection
from shenava.kafka.dead_letters import size
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.kafka.producer import Producer, partition_of
from shenava.settings import KafkaSettings

LARGE_BYTES = 1_000_000
"""From here on a record may be more than a topic takes; it came compressed and goes back so."""


class Writer:
    """Writes in the order given, what is large compressed.

    Args:
        out: for all that is not large.
    """

    def __init__(self, out: Producer, settings: KafkaSettings) -> None:
        self._out = out
        self._settings = settings

    async def write(self, records: Sequence[Outbound]) -> frozenset[int]:
        """Return once all are acknowledged, but those whose topics do not take them: their places in ``records``.

        Raises:
            WriteFailed: at least one was not acknowledged; the others may have been written.
        """
        too_large: set[int] = set()
        for large, run in groupby(enumerate(records), key=lambda each: _size(each[1]) >= LARGE_BYTES):
            numbered = list(run)
            if large or not await self._sent([record for _, record in numbered]):
                too_large |= {number for number, record in numbered if not await self._sent_compressed(record)}
        return frozenset(too_large)

    async def _sent(self, records: Sequence[Outbound]) -> bool:
        """Whether all were taken; if not, one or more are too large as they are."""
        try:
            await self._out.send(records)
        except WriteFailed as error:
            if isinstance(error.__cause__, MessageSizeTooLargeError):
                return False
            raise
        return True

    async def _sent_compressed(self, record: Outbound) -> bool:
        # Not idempotent: such a client gives up in time, and a repeat is harmless.
        client = AIOKafkaProducer(
            acks="all",
            compression_type="zstd",
            max_request_size=2 * max(_size(record), LARGE_BYTES),
            **connection(self._settings, NAME),
        )
        try:
            async with asyncio.timeout(self._settings.delivery_timeout.total_seconds()):
                await client.start()
                count = len(await client.partitions_for(record.topic))
                place = partition_of(record.key, count) if record.partition is None else record.partition
                headers = [*record.headers]
                await client.send_and_wait(record.topic, record.value, record.key, place, headers=headers)
        except MessageSizeTooLargeError:
            return False
        except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
            raise WriteFailed(f"{record.topic}: {error!r}") from error
        finally:
            await client.stop()
        return True


def _size(record: Outbound) -> int:
    return size(record.key, record.value, record.headers)
