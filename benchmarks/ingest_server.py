"""One server of the ingest benchmark: python benchmarks/ingest_server.py VARIANT PORT BOOTSTRAP."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel, Field

from ingestor.app import create_app
from ingestor.intake import Intake, Send
from ingestor.routes import Submissions
from ingestor.settings import IngestSettings
from shenava.http import problems
from shenava.http.keys import ApiKey, ApiKeys, digest
from shenava.http.measured import Measured
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.service import tune_collector
from shenava.settings import KafkaSettings

KEYS = ApiKeys([ApiKey(name="bench", scopes=frozenset({"mentions:write"}), sha256=digest("bench"))])
SETTINGS = IngestSettings(rate=1e9, burst=10**9)


class Author(BaseModel):
    """As a FastAPI user would write it."""

    id: str = Field(min_length=1, max_length=256)
    handle: str | None = Field(default=None, max_length=512)
    followers: int | None = Field(default=None, ge=0)


class Mention(BaseModel):
    """As a FastAPI user would write it."""

    channel: str
    native_id: str = Field(min_length=1, max_length=256)
    author: Author
    text: str = Field(max_length=100_000)


def hello() -> FastAPI:
    """The smallest FastAPI application."""
    app = FastAPI()

    @app.get("/")
    async def say() -> dict[str, str]:
        return {"message": "hello"}

    return app


def pydantic() -> FastAPI:
    """FastAPI with a pydantic body, as its tutorial has it; nothing is written anywhere."""
    app = FastAPI()

    @app.post("/v1/mentions", status_code=202)
    async def take(mention: Mention) -> dict[str, Any]:
        return {"mention_id": mention.native_id}

    return app


def acknowledge(_: Sequence[Outbound]) -> "asyncio.Future[None]":
    """A producer that has written at once."""
    written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    written.set_result(None)
    return written


def ingestor(send: Send) -> FastAPI:
    """Our application with all that the service puts around it."""
    app = create_app(Submissions(Intake(send, SETTINGS), KEYS, SETTINGS, max_body=2_000_000))
    problems.install(app)
    app.add_middleware(Measured)
    return app


@asynccontextmanager
async def application(variant: str, bootstrap: str) -> AsyncIterator[FastAPI]:
    """The application of ``variant``."""
    if variant == "hello":
        yield hello()
    elif variant == "pydantic":
        yield pydantic()
    elif variant == "decoded":
        yield ingestor(acknowledge)
    else:
        async with producer("bench", KafkaSettings(bootstrap=bootstrap)) as out:
            yield ingestor(out.begin)


async def main() -> None:
    """Serve until killed."""
    variant, port, bootstrap = sys.argv[1:]
    async with application(variant, bootstrap) as app:
        tune_collector()
        await uvicorn.Server(uvicorn.Config(app, port=int(port), log_level="error", access_log=False)).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
