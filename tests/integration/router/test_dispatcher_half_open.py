"""The server that wakes the dispatcher goes without a word: it listens anew instead of waiting for nothing."""

from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from pydantic import SecretStr

from router import deliveries
from router import dispatcher as dispatcher_module
from servers import DatabaseFor
from shenava.db.database import Database
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.postgres_node import PostgresServer
from shenava.settings import PostgresSettings
from shenava.testing.waiting import until
from webhook_world import endpoint, world

pytestmark = pytest.mark.servers


async def notify(settings: PostgresSettings) -> None:
    async with Database(settings, schema="router", service="tests") as database, database.transaction() as tx:
        await deliveries.wake(tx)


async def test_a_dispatcher_listens_anew_when_the_connection_it_listens_on_is_half_open(
    postgres_server: PostgresServer, database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "UPKEEP_SECONDS", 0.0)
    straight = await database_for("router")
    parts = urlsplit(straight.dsn.get_secret_value())
    async with FaultProxy(("127.0.0.1", postgres_server.port)) as link:
        place = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{link.port}"
        settings = straight.model_copy(
            update={
                "dsn": SecretStr(urlunsplit(parts._replace(netloc=place))),
                "command_timeout": timedelta(seconds=1),
                "connect_timeout": timedelta(seconds=1),
            }
        )
        async with world(settings, [endpoint("http://127.0.0.1:9/")]) as made:
            working = made.dispatcher()
            async with made.dispatching(working):
                await until(lambda: working._listening is not None)
                deaf = working._listening
                assert deaf is not None
                await link.black_hole()
                await notify(straight)
                await until(lambda: all(connection.lost for connection in link._connections))
                await link.heal(silent=True)
                await until(lambda: working._listening is not deaf)
