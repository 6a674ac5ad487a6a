"""A second model that judges live mentions beside the first one, to be looked at before it takes its place.

It has no effect: its thread is its own, what it says goes nowhere but into metrics and the log, what it cannot keep up
with is left out and counted, and its failure is logged. It does cost processor time: `share` says how much of it.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from typing import Self

import structlog

from sentiment.agreement import Pair, paired, telling
from sentiment.judge import ModelJudge
from shenava.events import MentionReceived
from shenava.events.mentions import Classification
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

_SAMPLES = 3
"""Disagreements logged per batch, so that a poor model does not flood the log."""


class Shadow:
    """Asks ``judge`` about mentions that were judged already; a context manager, it owns the worker thread.

    Args:
        share: of the texts to ask about, 0 to 1; the same text is always in or always out.
    """

    def __init__(self, judge: ModelJudge, share: float = 1.0) -> None:
        self._judge = judge
        self._share = share
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shadow")
        self._running: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown(cancel_futures=True)

    def offer(self, events: Sequence[MentionReceived], live: Sequence[Classification]) -> None:
        """Have those of ``events`` judged again whose text is in the share and has a score; returns at once."""
        chosen = [
            pair
            for pair in zip(events, live, strict=True)
            if pair[1].status == "scored" and _in_share(pair[0].mention.text, self._share)
        ]
        if not chosen:
            return
        if self._running is not None and not self._running.done():
            metrics.SHADOW.labels("skipped").inc(len(chosen))
            return
        self._running = self._worker.submit(self._compare, chosen)

    def _compare(self, chosen: Sequence[tuple[MentionReceived, Classification]]) -> None:
        began = perf_counter()
        try:
            said = self._judge([event.mention for event, _ in chosen])
        except Exception:  # whatever it is, the live model goes on and an operator reads why this one does not
            log.exception("shadow_failed", model=self._judge.model_id, version=self._judge.model_version)
            metrics.SHADOW.labels("failed").inc(len(chosen))
            return
        metrics.SHADOW_INFERENCE.observe(perf_counter() - began)
        pairs = paired([live for _, live in chosen], said)
        for pair in pairs:
            metrics.SHADOW.labels("agreed" if pair.agree else "disagreed").inc()
            metrics.SHADOW_PAIRS.labels(pair.language, pair.live, pair.other).inc()
        for pair in telling(pairs, _SAMPLES):
            _log(chosen[pair.place][0], pair)


def _in_share(text: str, share: float) -> bool:
    place = int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest())
    return place < share * 2**64


def _log(event: MentionReceived, pair: Pair) -> None:
    log.info(
        "shadow_disagreed",
        brand=event.brand,
        mention_id=event.mention.mention_id,
        language=pair.language,
        live=pair.live,
        live_confidence=round(pair.live_confidence, 3),
        shadow=pair.other,
        shadow_confidence=round(pair.other_confidence, 3),
    )
