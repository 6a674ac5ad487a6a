"""Scores a batch of received mentions and publishes what was understood.

There is no database here: the id of what is written follows from what was read, so a repeat is recognised and dropped
by the next service, and offsets move only after the write is acknowledged.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Protocol, Self

from msgspec.structs import replace

from sentiment.shadow import Shadow
from sentiment.watchlist import Watchlist
from shenava import topics
from shenava.codec import encode
from shenava.events import MentionClassified, MentionReceived
from shenava.events.mentions import Classification, Mention
from shenava.ids import derive
from shenava.kafka.consumer import Inbound
from shenava.kafka.ports import Outbound
from shenava.kafka.producer import Producer
from shenava.telemetry import metrics

NAME = "sentiment"


class Judge(Protocol):
    """Says what mentions mean; runs in a worker thread and may take its time."""

    def __call__(self, mentions: Sequence[Mention], brands: Sequence[str]) -> list[Classification]:
        """One classification per mention, in their order; ``brands`` are those they belong to."""


class ScoreMentions:
    """The handler of the consumer loop; use as a context manager, it owns the worker thread."""

    def __init__(
        self, judge: Judge, producer: Producer, watchlist: Watchlist | None = None, shadow: Shadow | None = None
    ) -> None:
        self._judge = judge
        self._watchlist = watchlist or Watchlist()
        self._producer = producer
        self._shadow = shadow
        # One thread: the model is busy with one batch at a time and the event loop stays free for heartbeats.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown()

    async def __call__(self, batch: Sequence[Inbound]) -> None:
        """Score the mentions of ``batch`` and return once the results are acknowledged."""
        received = [inbound.event for inbound in batch if isinstance(inbound.event, MentionReceived)]
        mentions = [event.mention for event in received]
        began = perf_counter()
        brands = [event.brand for event in received]
        judged = await asyncio.get_running_loop().run_in_executor(self._worker, self._judge, mentions, brands)
        metrics.INFERENCE.observe(perf_counter() - began)
        await self._producer.send(
            [outbound(classified(*pair, self._watchlist)) for pair in zip(received, judged, strict=True)]
        )
        for verdict in judged:
            outcome = verdict.sentiment or verdict.reason or verdict.status
            language = verdict.language if verdict.status == "scored" else "other"
            metrics.CLASSIFIED.labels(language, outcome).inc()
        if self._shadow:
            self._shadow.offer(received, judged)


def classified(
    event: MentionReceived, verdict: Classification, watchlist: Watchlist | None = None
) -> MentionClassified:
    """The event that says what was understood of ``event``; its id follows from the cause alone.

    Where the channel told no role of the author, ``watchlist`` may know their handle.
    """
    mention = event.mention
    author = watchlist.known(mention.author, event.brand) if watchlist else mention.author
    return MentionClassified(
        event_id=derive("classified", event.event_id),
        brand=event.brand,
        occurred_at=event.occurred_at,
        mention=mention if author is mention.author else replace(mention, author=author),
        classification=verdict,
    )


def outbound(event: MentionClassified) -> Outbound:
    """The record of ``event``, in the same partition as its cause, because the key and the count are the same."""
    return Outbound(topics.MENTIONS_CLASSIFIED.name, *encode(event, source=NAME))
