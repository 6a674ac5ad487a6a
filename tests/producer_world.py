"""A producer's surroundings: a broker with one topic, and what may be sent to it."""

from shenava.kafka.ports import Outbound, Partition
from shenava.testing.memory_kafka import MemoryBroker, MemoryDelivery


class World:
    """A broker with one topic, and every client that was made for it."""

    def __init__(self, partitions: int = 3) -> None:
        self.broker = MemoryBroker({"t": partitions})
        self.clients: list[MemoryDelivery] = []

    def connect(self) -> MemoryDelivery:
        self.clients.append(MemoryDelivery(self.broker, batch_records=10))
        return self.clients[-1]

    def values(self, partition: int) -> list[bytes | None]:
        return [record.value for record in self.broker.log(Partition("t", partition))]


def records_of(count: int, key: bytes = b"k", start: int = 0) -> list[Outbound]:
    """``count`` records of one key; their values are numbers from ``start``."""
    return [Outbound("t", key, b"%d" % number) for number in range(start, start + count)]
