"""The HTTP routes: they read a raw body, and answer 202 only after Kafka has acknowledged what it held."""

from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, get_args

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.types import Receive

from ingestor.answers import BulkResult, Channels
from ingestor.described import channel_route, correction_route, fact_route, mention_route
from ingestor.intake import Intake
from ingestor.kinds import CORRECTION, FACT, KINDS, MENTION, Batch, Kind, item_result, prepare
from ingestor.parsing import Parsed, form_of, parse
from ingestor.settings import IngestSettings
from shenava.clock import Clock, utc_now
from shenava.errors import Invalid
from shenava.events.mentions import Channel
from shenava.http.body import receive_body
from shenava.http.keys import ApiKeys
from shenava.http.problems import Problem, invalid
from shenava.http.rates import Rates
from shenava.http.raw import JsonResponse, RawRoute, Shortcut, first_values
from shenava.telemetry import metrics
from shenava.within import within

_STATUS = {"unsupported_media_type": 415, "too_many_items": 413, "brand_not_allowed": 403}
_ACCEPTED = {kind.name: metrics.INGESTED.labels(kind.name, "accepted") for kind in KINDS}
_REFUSED = {kind.name: metrics.INGESTED.labels(kind.name, "refused") for kind in KINDS}
_encoder = msgspec.json.Encoder()
_CHANNELS = _encoder.encode(Channels(channels=tuple(sorted(get_args(Channel)))))


class Submissions:
    """Takes submissions of any kind over HTTP.

    Args:
        max_body: bytes of one request's body.
        now: the wall clock.
        ticks: seconds of a clock that does not go back.
    """

    def __init__(
        self,
        intake: Intake,
        keys: ApiKeys,
        settings: IngestSettings,
        *,
        max_body: int,
        now: Clock = utc_now,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._intake = intake
        self._keys = keys
        self._rates = Rates(settings.rate, settings.burst)
        self._body_timeout = settings.body_timeout.total_seconds()
        self._max_items = settings.max_items
        self._max_body = max_body
        self._now = now
        self._ticks = ticks

    async def take(self, request: Request, kind: Kind[Any]) -> Response:
        """Answer one request.

        Raises:
            Problem, Invalid: nothing of it was taken; the message says why.
        """
        headers = first_values(request.scope["headers"])
        key = self._keys.holder(headers, kind.scope)
        self._rates.admit(key.name, self._ticks())
        parsed = await self._parsed(headers, request.receive, kind)
        if len(parsed.items) > 1:
            self._rates.charge(key.name, len(parsed.items) - 1, self._ticks())
        batch = prepare(parsed, kind, self._now(), key.brands)
        if batch.records:
            await self._written(batch, kind)
        _ACCEPTED[kind.name].inc(len(batch.records))
        if batch.refused:
            _REFUSED[kind.name].inc(batch.refused)
        return _bulk(batch, kind) if parsed.bulk else _single(batch, kind)

    async def _parsed(self, headers: Mapping[str, str], receive: Receive, kind: Kind[Any]) -> Parsed[Any]:
        try:
            form = form_of(headers)
            body = await self._body(headers, receive)
            return parse(body, form, headers, kind.submission, self._max_items)
        except Invalid as error:
            _REFUSED[kind.name].inc()
            raise invalid(error, _STATUS.get(error.reason, 422)) from error

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        try:
            return await within(self._body_timeout, receive_body(headers, receive, self._max_body))
        except TimeoutError:
            raise Problem(
                408,
                "Body too slow",
                f"the body did not arrive within {self._body_timeout:g} s",
                headers={"Connection": "close"},
            ) from None

    async def _written(self, batch: Batch, kind: Kind[Any]) -> None:
        try:
            await self._intake.take(batch.records)
        except Problem:
            metrics.INGESTED.labels(kind.name, "unacknowledged").inc(len(batch.records))
            raise


def add_routes(app: FastAPI, submissions: Submissions) -> None:
    """Have ``app`` serve the routes of the ingestor."""

    async def submit_mentions(request: Request) -> Response:
        """One mention, or several as an array, as lines, or as CloudEvents. Each stands or falls alone."""
        return await submissions.take(request, MENTION)

    async def submit_facts(request: Request) -> Response:
        """One fact, or several as an array, as lines, or as CloudEvents. Each stands or falls alone."""
        return await submissions.take(request, FACT)

    async def submit_corrections(request: Request) -> Response:
        """One correction, or several as an array, as lines, or as CloudEvents. Each stands or falls alone."""
        return await submissions.take(request, CORRECTION)

    async def list_channels(_: Request) -> Response:
        """The values that `channel` of a mention may have. Needs no API key."""
        return JsonResponse(_CHANNELS)

    add = partial(app.router.add_api_route, response_class=Response, route_class_override=RawRoute)
    add(MENTION.path, submit_mentions, **mention_route())
    add(FACT.path, submit_facts, **fact_route())
    add(CORRECTION.path, submit_corrections, **correction_route())
    add("/v1/channels", list_channels, **channel_route())
    app.add_middleware(Shortcut, routes=app.routes)


def _single(batch: Batch, kind: Kind[Any]) -> Response:
    _, outcome = batch.outcomes[0]
    if isinstance(outcome, Invalid):
        raise invalid(outcome, _STATUS.get(outcome.reason, 422)) from outcome
    return JsonResponse(_encoder.encode(kind.answer(outcome)), 202)


def _bulk(batch: Batch, kind: Kind[Any]) -> Response:
    result = BulkResult(
        accepted=len(batch.records),
        refused=batch.refused,
        results=tuple([item_result(item, outcome, kind) for item, outcome in batch.outcomes]),
    )
    if not batch.records:
        raise Problem(
            422, "Invalid content", "no item could be taken; the results say why", **msgspec.to_builtins(result)
        )
    return JsonResponse(_encoder.encode(result), 202)
