"""Has aiokafka see a connection that has just been cut as what it is.

It counts on asyncio's transports, which drop what is written after they were closed. uvloop's raise RuntimeError; that
ends aiokafka's fetching task for good, and the consumer falls silent.
"""

from typing import Any

from aiokafka import conn
from aiokafka.errors import KafkaConnectionError


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]  # aiokafka ships no types
    """A connection to a broker that fails as aiokafka expects."""

    def send(self, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002 - as in aiokafka
        """Send ``request``; returns what to await.

        Raises:
            KafkaConnectionError: the connection is closed.
        """
        try:
            return super().send(request, expect_response)
        except RuntimeError as error:
            self.close(reason=conn.CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error


def install() -> None:
    """Have every client that is made from now on use such connections."""
    conn.AIOKafkaConnection = Connection
