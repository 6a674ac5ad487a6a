"""A slot that finds every name on this machine, closed after use."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from shenava.webhooks.attempt import Slot, tls_context
from shenava.webhooks.pinning import Resolve

PATIENT = timedelta(seconds=30)
TLS = tls_context()


async def loopback(_host: str, _port: int) -> Sequence[str]:
    """The answer of a name server that knows only this machine."""
    return ["127.0.0.1"]


@asynccontextmanager
async def a_slot(
    *,
    tls: ssl.SSLContext = TLS,
    resolve: Resolve = loopback,
    allow_private: bool = True,
    body_grace: timedelta = PATIENT,
) -> AsyncIterator[Slot]:
    """A slot as patient as the test wants it."""
    slot = Slot(tls=tls, resolve=resolve, allow_private=allow_private, body_grace=body_grace)
    try:
        yield slot
    finally:
        await slot.close()
