"""What aiokafka's producer does not do by itself: count anew for brokers that may not be those it counted for."""

from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer.transaction_manager import NO_PRODUCER_EPOCH, NO_PRODUCER_ID, PidAndEpoch


def identify_anew_with_each_connection(producer: AIOKafkaProducer) -> None:
    """Have ``producer`` ask for another producer id whenever a connection of it has closed.

    Brokers tell repeats by the id and a sequence number. A cluster that has lost its logs gives the same ids out again,
    and what a writer of the former one sends is then taken for a repeat of what another has written: acknowledged, and
    in no log. What was under way keeps its id and number, so that a repeat of it is still known as one.
    """
    counts = producer._txn_manager  # noqa: SLF001 - it has the id and the numbers
    client = producer.client
    closed = client._on_connection_closed  # noqa: SLF001 - handed to each connection as it is made

    def forget_and_go_on(connection: Any, reason: Any) -> None:
        if counts.has_pid():
            counts._pid_and_epoch = PidAndEpoch(NO_PRODUCER_ID, NO_PRODUCER_EPOCH)  # noqa: SLF001 - as above
            counts._pid_waiter = client._loop.create_future()  # noqa: SLF001 - as above
            counts._sequence_numbers.clear()  # noqa: SLF001 - as above
        closed(connection, reason)

    client._on_connection_closed = forget_and_go_on  # noqa: SLF001 - as above
