"""Sends lines to a running ingestor and tries again for as long as it says "later"."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from ingestor.answers import BulkResult, ItemResult
from ingestor.lines import Line, filled
from ingestor.load import RefusedLine
from ingestor.parsing import Form
from shenava.clock import utc_now
from shenava.retry import Backoff

LONGEST_WAIT = timedelta(seconds=60)
_LATER = frozenset({408, 429, 502, 503, 504})


class LoadStopped(Exception):  # noqa: N818 - named for what happened
    """The ingestor cannot be used as it is; the message says why, and which line comes next."""


@dataclass(slots=True)
class Sender:
    """Decides about lines by sending them.

    Attributes:
        client: knows the ingestor's address and the API key.
        path: the route for such lines.
        defaults: members for lines that lack them.
        patience: how long the same lines are tried again before the load stops.
        on_retry: is told the reason of each retry.
        retries: how many there were.
    """

    client: httpx.AsyncClient
    path: str
    defaults: dict[str, str] = field(default_factory=dict)
    patience: timedelta = timedelta(minutes=5)
    backoff: Backoff = field(default_factory=Backoff)
    on_retry: Callable[[str], None] = lambda _: None
    retries: int = 0

    async def __call__(self, lines: Sequence[Line]) -> tuple[int, list[RefusedLine]]:
        """How many of ``lines`` the ingestor took, and which it refused.

        Raises:
            LoadStopped: the key is refused, the address is wrong, or the patience is over.
        """
        body = b"\n".join(filled(line.raw or b"", self.defaults) for line in lines)
        response = await self._answer(body, lines[0])
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return await self._halved(lines, response)
        if response.status_code not in (httpx.codes.ACCEPTED, httpx.codes.UNPROCESSABLE_ENTITY):
            raise LoadStopped(f"{_place(lines[0])}: {_words(response)}")
        try:
            result = msgspec.json.decode(response.content, type=BulkResult)
        except msgspec.DecodeError as error:
            raise LoadStopped(f"{self.client.base_url} does not answer as an ingestor does: {error}") from error
        return result.accepted, [_refused(lines, each) for each in result.results if each.status == "refused"]

    async def _halved(self, lines: Sequence[Line], response: httpx.Response) -> tuple[int, list[RefusedLine]]:
        """Too large for one request: send the halves. A single line is refused for good."""
        if len(lines) == 1:
            return 0, [RefusedLine(lines[0], "", _words(response))]
        middle = len(lines) // 2
        accepted, refused = await self(lines[:middle])
        accepted_too, refused_too = await self(lines[middle:])
        return accepted + accepted_too, [*refused, *refused_too]

    async def _answer(self, body: bytes, first: Line) -> httpx.Response:
        """The first answer that is not "later"."""
        waited = timedelta()
        attempt = 0
        while True:
            attempt += 1
            answer = await self._attempt(body)
            if isinstance(answer, httpx.Response) and answer.status_code not in _LATER:
                return answer
            wait = self.backoff.delay(attempt, random.random())  # noqa: S311 - spreads retries, guards no secret
            reason = _words(answer) if isinstance(answer, httpx.Response) else answer
            if isinstance(answer, httpx.Response):
                wait = max(wait, asked_wait(answer.headers.get("retry-after"), utc_now()))
            waited += wait
            if waited > self.patience:
                raise LoadStopped(
                    f"{_place(first)}: gave up after {attempt} attempts: {reason}. Run the same again later; "
                    "what was taken before is recognised"
                )
            self.retries += 1
            self.on_retry(f"{reason}; again in {wait.total_seconds():.1f} s")
            await asyncio.sleep(wait.total_seconds())

    async def _attempt(self, body: bytes) -> httpx.Response | str:
        """The answer, or why there was none."""
        try:
            return await self.client.post(self.path, content=body, headers={"Content-Type": Form.NDJSON.value})
        except httpx.TransportError as error:
            return f"{self.client.base_url} cannot be reached: {str(error) or type(error).__name__}"


def asked_wait(retry_after: str | None, now: datetime) -> timedelta:
    """What a Retry-After header asks for, in seconds or as a date, at most a minute; none where it is unreadable."""
    if retry_after is None:
        return timedelta()
    try:
        asked = timedelta(seconds=int(retry_after)) if retry_after.isdecimal() else _date(retry_after) - now
    except (ValueError, OverflowError):
        return timedelta()
    return min(max(asked, timedelta()), LONGEST_WAIT)


def _date(text: str) -> datetime:
    date = parsedate_to_datetime(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _refused(lines: Sequence[Line], result: ItemResult) -> RefusedLine:
    return RefusedLine(lines[result.index], result.pointer or "", result.detail or "")


def _place(line: Line) -> str:
    return f"{line.source}:{line.number}"


def _words(response: httpx.Response) -> str:
    """What the ingestor said, in its own words where it used problem details."""
    try:
        detail = msgspec.json.decode(response.content, type=dict[str, msgspec.Raw])["detail"]
        words = msgspec.json.decode(detail, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        words = response.reason_phrase
    return f"{response.status_code} {words}"
