"""The load under which faults are injected: senders, and a team that answers some of the issues, of one brand.

Some senders send again what they were not told 202 for; the others do not. Both remember what they were told.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import monotonic
from typing import Any

import httpx

from e2e_sender import CHANNELS, complaints
from shenava.dev.evidence import Told
from shenava.dev.stack import Stack
from shenava.ids import mention_id

PRAISE = (
    "ممنون از نیلگون، سفارشم یک روزه رسید و بسته‌بندی عالی بود 🌹",
    "کیفیت کتری خیلي خوبه، واقعا راضی‌ام",
    "Delivered in a day, lovely packaging. Thank you!",
    "Best kettle I have ever had, very happy with it.",
)
PRAISED = 0.2
CHUNK = 2_000
BULK = 4
SENDERS = 3
PACE_SECONDS = 0.15
AGAIN_SECONDS = 0.1
ANSWER_SECONDS = 1.0
TIMEOUT_SECONDS = 10.0


@dataclass
class Load:
    """What is said of one brand, and what the senders were told.

    Attributes:
        pace: seconds between two bulks of one sender.
        last_accepted: when a 202 last came, by the monotonic clock.
        slowest_refusal: seconds until the slowest answer with an error came; a good service refuses at once.
    """

    stack: Stack
    brand: str
    rng: Random
    pace: float = PACE_SECONDS
    told: Told = field(default_factory=Told)
    last_accepted: float = 0.0
    slowest_refusal: float = 0.0

    def __post_init__(self) -> None:
        """Prepare what will be said."""
        self._supply = _supply(self.brand, self.rng)

    async def run(self, stop: asyncio.Event) -> None:
        """Send and answer until ``stop``, and then until the careful senders have been told 202 for all they said."""
        headers = {"Authorization": f"Bearer {self.stack.api_key}"}
        async with (
            httpx.AsyncClient(headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            for number in range(SENDERS):
                group.create_task(self._send(client, stop, careful=number > 0))
            group.create_task(self._answer(client, stop))

    async def accepted(self, count: int) -> None:
        """Until ``count`` mentions were accepted."""
        while len(self.told.accepted) < count:  # noqa: ASYNC110 - the senders' tasks run on
            await asyncio.sleep(0.02)

    async def accepted_after(self, moment: float) -> None:
        """Until a mention was accepted later than ``moment``, by the monotonic clock."""
        while self.last_accepted <= moment:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)

    async def _send(self, client: httpx.AsyncClient, stop: asyncio.Event, *, careful: bool) -> None:
        while not stop.is_set():
            bulk = [next(self._supply) for _ in range(BULK)]
            while not await self._accepted(client, bulk) and careful:  # noqa: ASYNC110 - a pause, not a wait
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(self.pace)

    async def _accepted(self, client: httpx.AsyncClient, bulk: list[dict[str, Any]]) -> bool:
        for mention in bulk:
            if mention["text"] not in PRAISE:
                known = mention_id(self.brand, mention["channel"], mention["native_id"])
                self.told.matters.setdefault(mention["conversation"], set()).add(known)
        began = monotonic()
        try:
            answer = await client.post(self.stack.url("ingestor") + "/v1/mentions", json=bulk)
        except httpx.TransportError:
            self.told.unknown += 1
            return False
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            assert "Retry-After" in answer.headers, answer.text
            self.told.refused += 1
            self.slowest_refusal = max(self.slowest_refusal, monotonic() - began)
            return False
        result = answer.json()
        assert (answer.status_code, result["refused"]) == (202, 0), result
        self.told.accepted |= {item["event_id"] for item in result["results"]}
        self.last_accepted = began
        return True

    async def _answer(self, client: httpx.AsyncClient, stop: asyncio.Event) -> None:
        """Acknowledge an issue every now and then; one that is not confirmed is left alone."""
        while not stop.is_set():
            await asyncio.sleep(ANSWER_SECONDS)
            try:
                page = await client.get(self.stack.url("router") + f"/v1/issues?brand={self.brand}&limit=20")
                if page.is_success and (items := page.json()["items"]):
                    issue = self.rng.choice(items)["id"]
                    done = await client.post(
                        self.stack.url("router") + f"/v1/issues/{issue}/acknowledge", json={"reply_url": None}
                    )
                    if done.is_success:
                        self.told.acknowledged.add(issue)
            except httpx.TransportError:
                continue


def _supply(brand: str, rng: Random) -> Iterator[dict[str, Any]]:
    """Complaints without an end, some of them repeated, and praise between them."""
    for turn in count():
        for number, mention in enumerate(complaints(brand, CHUNK, rng)):
            own = f"{turn}-{number}"
            if rng.random() < PRAISED:
                yield {
                    "brand": brand,
                    "channel": rng.choice(CHANNELS),
                    "native_id": f"{brand}-praise-{own}",
                    "conversation": f"{brand}-praise-{own}",
                    "author": {"id": f"{brand}-fan-{own}"},
                    "text": rng.choice(PRAISE),
                }
            yield mention | {
                "native_id": f"{mention['native_id']}-{turn}",
                "conversation": f"{mention['conversation']}-{turn}",
                "author": {"id": f"{mention['author']['id']}-{turn}"},
            }
