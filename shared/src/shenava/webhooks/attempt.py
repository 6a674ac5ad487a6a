"""One attempt: a single POST, bounded in time and in what is read, whatever the receiver does."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta

import httpx
import structlog

from shenava import __version__
from shenava.webhooks.guard import Forbidden
from shenava.webhooks.outcome import Answer, Failure, FailureKind
from shenava.webhooks.pinning import PinnedTransport, Resolve

log = structlog.get_logger(__name__)

USER_AGENT = f"Shenava/{__version__} (webhooks)"
MAX_RESPONSE_BYTES = 16_384
EXCERPT_CHARACTERS = 500
CONNECT_SECONDS = 10.0
BODY_GRACE = timedelta(seconds=2)
"""How long a body may trickle after the status is known; it is only read to keep the connection and to show a fault."""

# In this order: a ConnectTimeout is a timeout, and an OSError that arrives bare, without httpx's wrapping, comes from
# the look-up of the name.
_KINDS: dict[FailureKind, tuple[type[Exception], ...]] = {
    "timeout": (TimeoutError, httpx.TimeoutException),
    "forbidden_address": (Forbidden,),
    "connect": (httpx.ConnectError,),
    "protocol": (httpx.HTTPError, httpx.InvalidURL),
    "dns": (OSError,),
}


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Verifies every certificate, against the well-known authorities and those of ``ca_file``; one serves all slots."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class Slot:
    """Makes one call at a time, over a connection of its own.

    A client shared by many calls collapses when they run side by side: at 32 in flight, a slot each is five times as
    fast (encode/httpx issue 3215).
    """

    def __init__(
        self, *, tls: ssl.SSLContext, resolve: Resolve, allow_private: bool = False, body_grace: timedelta = BODY_GRACE
    ) -> None:
        self._tls = tls
        self._resolve = resolve
        self._allow_private = allow_private
        self._body_grace = body_grace.total_seconds()
        self._transport = self._connect()

    async def call(self, url: str, headers: Mapping[str, str], body: bytes, *, deadline: timedelta) -> Answer | Failure:
        """POST ``body`` to ``url``; what came of it, within ``deadline`` from name look-up to status."""
        try:
            request = httpx.Request(
                "POST",
                url,
                content=body,
                headers={
                    **headers,
                    "content-type": "application/json",
                    "user-agent": USER_AGENT,
                    # A compressed answer could unfold to any size.
                    "accept-encoding": "identity",
                },
                extensions={"timeout": {"connect": CONNECT_SECONDS}},
            )
            async with asyncio.timeout(deadline.total_seconds()):
                response = await self._transport.handle_async_request(request)
        except Exception as error:
            # Broad on purpose: nothing that one receiver can provoke may stop the deliveries to the others.
            failure = _failure(error)
            if failure.kind == "unexpected":
                log.exception("webhook_attempt_broke")
            # A connection in an unknown state is not used again.
            await self._renew()
            return failure
        excerpt = await self._excerpt(response)
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, excerpt)

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.aclose()

    async def _excerpt(self, response: httpx.Response) -> str:
        """The beginning of the body. The status has come; how the body ends changes nothing."""
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._body_grace):
                async for chunk in response.aiter_raw():
                    chunks.append(chunk)
                    size += len(chunk)
                    if size >= MAX_RESPONSE_BYTES:
                        break
        except (httpx.HTTPError, OSError, TimeoutError):
            await self._renew()
        else:
            # Closing an unread answer closes its connection; a whole one goes back to be used again.
            await response.aclose()
        # PostgreSQL's text holds no NUL.
        return b"".join(chunks).decode(errors="replace").replace("\x00", "\ufffd")[:EXCERPT_CHARACTERS]

    def _connect(self) -> PinnedTransport:
        return PinnedTransport(tls=self._tls, resolve=self._resolve, allow_private=self._allow_private)

    async def _renew(self) -> None:
        old, self._transport = self._transport, self._connect()
        await old.aclose()


def _failure(error: Exception) -> Failure:
    return Failure(_kind(error), f"{type(error).__name__}: {error}"[:EXCERPT_CHARACTERS])


def _kind(error: Exception) -> FailureKind:
    if isinstance(error, httpx.ConnectError) and _caused_by(error, ssl.SSLError):
        return "tls"
    for kind, types in _KINDS.items():
        if isinstance(error, types):
            return kind
    return "unexpected"


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
