"""A receiver of our webhooks, for tests, for the demo, and to read before writing one's own.

It verifies signatures, drops repeated ids, counts, and can be told to fail. ``python -m shenava.testing.receiver --port
8099 --secret-file secret.txt`` runs it; ``GET /received`` tells what it has had.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from socket import create_server
from typing import Annotated, Any

import orjson
import typer
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shenava.clock import Clock, utc_now
from shenava.testing.waiting import until
from shenava.webhooks.signing import InvalidSecret, Secret, VerificationFailed, verify

HOST = "127.0.0.1"
_REMEMBERED = 100_000
_ABORT = "shenava.abort"


@dataclass(frozen=True, slots=True)
class Call:
    """One authentic call.

    Attributes:
        repeated: a message with this id was taken before.
        signed_at: the attempt's own time.
    """

    message_id: str
    signed_at: datetime
    headers: dict[str, str]
    body: bytes
    repeated: bool

    @property
    def message(self) -> Any:
        """The body, decoded: type, timestamp, data."""
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """How to answer one call: after ``wait`` seconds, with a status, or by cutting the connection once it was taken."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    reset: bool = False

    @property
    def takes(self) -> bool:
        """Whether the receiver acts on the message."""
        return self.reset or 200 <= self.status <= 299


Answering = Callable[[Call], Reply]


def script(*replies: Reply) -> Answering:
    """Answer the first authentic calls by ``replies``, one each, and take all later ones."""
    left = deque(replies)
    return lambda _: left.popleft() if left else Reply()


@dataclass
class Receiver:
    """What one receiver has had.

    Attributes:
        taken: the messages it acted on, by id, in the order they came; the oldest are forgotten first.
        calls: every authentic call, repeats and scripted failures included.
        counts: calls that were ``verified``, ``repeated``, ``refused`` or ``failed`` on purpose.
        types: messages taken, by type.
        routed: ``issue.routed`` messages taken, by issue.
        journal: where each message that is taken is written down before it is answered, so that a receiver that was
            killed knows it again; None forgets all at the end.
    """

    secrets: Sequence[Secret]
    answering: Answering = field(default_factory=script)
    clock: Clock = utc_now
    taken: dict[str, Call] = field(default_factory=dict)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    counts: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    routed: Counter[str] = field(default_factory=Counter)
    journal: Path | None = None

    def __post_init__(self) -> None:
        """Take up what the journal has."""
        if self.journal is not None and self.journal.exists():
            for line in self.journal.read_bytes().splitlines():
                given, signed_at, body = orjson.loads(line)
                self._take(Call(given, datetime.fromisoformat(signed_at), {}, body.encode(), repeated=False))

    async def receive(self, request: Request) -> Response:
        """Take one webhook."""
        body = await request.body()
        try:
            verified = verify(request.headers, body, self.secrets, now=self.clock())
        except VerificationFailed as error:
            self.counts["refused"] += 1
            return Response(error.reason, status_code=401)
        repeated = verified.message_id in self.taken
        call = Call(verified.message_id, verified.signed_at, dict(request.headers), body, repeated)
        reply = self.answering(call)
        self._count(call, reply)
        await asyncio.sleep(reply.wait)
        if reply.reset:
            await _cut(request)
        return Response(status_code=reply.status, headers=reply.headers)

    def summary(self) -> dict[str, Any]:
        """The counts, how many messages of each type were taken, and how many ``issue.routed`` of each issue."""
        counts: dict[str, Any] = {name: self.counts[name] for name in ("verified", "repeated", "refused", "failed")}
        return counts | {"types": dict(sorted(self.types.items())), "issues": dict(self.routed)}

    def messages(self) -> list[dict[str, Any]]:
        """What was taken, in order: id, type and issue."""
        decoded = [(call.message_id, call.message) for call in self.taken.values()]
        return [
            {"id": given, "type": message["type"], "issue_id": message["data"].get("issue", {}).get("id")}
            for given, message in decoded
        ]

    def _count(self, call: Call, reply: Reply) -> None:
        self.calls.append(call)
        self.counts["verified"] += 1
        if call.repeated:
            self.counts["repeated"] += 1
        elif not reply.takes:
            self.counts["failed"] += 1
        else:
            if self.journal is not None:
                with self.journal.open("ab") as journal:
                    journal.write(orjson.dumps((call.message_id, call.signed_at, call.body.decode())) + b"\n")
            self._take(call)

    def _take(self, call: Call) -> None:
        self.taken[call.message_id] = call
        message = call.message
        self.types[message["type"]] += 1
        if message["type"] == "issue.routed":
            self.routed[message["data"]["issue"]["id"]] += 1
        if len(self.taken) > _REMEMBERED:
            del self.taken[next(iter(self.taken))]


def create_app(receiver: Receiver) -> ASGIApp:
    """Webhooks at any path by POST; the counts at ``/received``, the messages at ``/received/messages``."""
    app = FastAPI(title="Shenava webhook receiver", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/received")
    async def received() -> dict[str, Any]:
        return receiver.summary()

    @app.get("/received/messages")
    async def messages() -> list[dict[str, Any]]:
        return receiver.messages()

    app.add_api_route("/{path:path}", receiver.receive, methods=["POST"])
    return _Abortable(app)


@asynccontextmanager
async def serving(receiver: Receiver) -> AsyncIterator[str]:
    """Serve ``receiver`` on a free port of this machine; yields its URL."""
    with create_server((HOST, 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(receiver), log_config=None, access_log=False, lifespan="off"))
        # The signals belong to whoever runs the test.
        server.capture_signals = nullcontext  # type: ignore[assignment, method-assign] # any context manager serves
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await until(lambda: server.started)
            yield f"http://{HOST}:{listening.getsockname()[1]}/"
        finally:
            # Calls that are still being answered slowly are cut.
            server.should_exit = server.force_exit = True
            await running


class _Abortable:
    """Lets a route cut its connection, which ASGI itself has no word for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's send is a method of the request's cycle, which holds the connection.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        await self._app({**scope, _ABORT: transport}, receive, send)


async def _cut(request: Request) -> None:
    request.scope[_ABORT].abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _parse_step(step: str) -> Reply:
    """``503``, ``reset`` or ``slow:2.5``."""
    kind, _, value = step.strip().partition(":")
    with suppress(ValueError):
        match kind:
            case "reset":
                return Reply(reset=True)
            case "slow":
                return Reply(wait=float(value))
            case _:
                return Reply(status=int(kind))
    raise typer.BadParameter(f"{step!r}: write a status, 'reset' or 'slow:SECONDS'")


def main(
    secret_file: Annotated[list[Path], typer.Option(help="A whsec_ secret; twice while it is rotated.", exists=True)],
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8099,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = HOST,
    journal: Annotated[Path | None, typer.Option(help="File to remember what was taken over a restart.")] = None,
    steps: Annotated[str, typer.Option("--script", help="First answers: e.g. '503,reset,slow:2'.")] = "",
) -> None:
    """Receive webhooks and count them."""
    try:
        secrets = [Secret.parse(path.read_text("utf-8")) for path in secret_file]
    except InvalidSecret as error:
        raise typer.BadParameter(str(error), param_hint="--secret-file") from None
    replies = [_parse_step(step) for step in steps.split(",") if step.strip()]
    app = create_app(Receiver(secrets, script(*replies), journal=journal))
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    typer.run(main)
