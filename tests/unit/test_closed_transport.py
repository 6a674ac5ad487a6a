"""A connection to a broker that was cut fails in the way that aiokafka can go on from, on uvloop too."""

import asyncio
from importlib import import_module

import pytest
import uvloop
from aiokafka import conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from shenava.kafka.closed_transport import Connection


def test_every_client_is_made_with_such_connections() -> None:
    import_module("shenava.kafka.client")
    assert conn.AIOKafkaConnection is Connection


def test_what_is_sent_over_a_connection_that_was_cut_never_ends_in_a_runtime_error() -> None:
    async def send() -> None:
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as listening:
            address = listening.sockets[0].getsockname()
            connection = Connection(*address)
            connection._reader, connection._writer = reader, writer = await asyncio.open_connection(*address)
            connection._read_task = asyncio.create_task(reader.read())
            connection._versions = {MetadataRequest.API_KEY: (0, 0)}
            writer.transport.abort()
            await connection._read_task
            with pytest.raises(KafkaConnectionError, match="broken"):
                connection.send(MetadataRequest([]))
            assert not connection.connected()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send())
