"""A sender as a good one behaves: what it was not told 202 for it sends again, and it remembers what it was told."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from shenava.ids import mention_id

COMPLAINTS = (
    "سفارشم دو هفته‌ست که نرسیده؛ کسی هم جواب نمی‌ده!",
    "بسته‌ام شکسته رسید و پشتیبانی هم تلفن را جواب نمی‌دهد.",
    "پولم را کم کردید ولي سفارش ثبت نشد، اين چه وضعيه؟",
    "۳ بار زنگ زدم، ۳ بار قول دادین، باز هم پیک نیومد. واقعاً شرم‌آوره",
    "کالای اشتباه فرستادید و حالا می‌گویید پس نمی‌گیریم. دیگر از شما خرید نمی‌کنم.",
    "My order is two weeks late and nobody answers!",
    "The kettle arrived broken and support keeps hanging up on me. Terrible service.",
    "You charged me twice and still nobody has fixed it. Worst shop ever.",
    "Third time the courier did not show up. I am really angry, this is awful.",
)
CHANNELS = ("instagram", "telegram", "x", "google_play")
AGAIN_SECONDS = 0.2


@dataclass
class Sender:
    """Posts mentions of one brand.

    Attributes:
        acknowledged: the event ids it was given with a 202.
        mentions: ids of the mentions sent, by the matter they are about: one conversation, one author.
        again: how often it had to send a bulk again.
    """

    url: str
    api_key: str
    brand: str
    acknowledged: set[str] = field(default_factory=set)
    matters: dict[str, set[str]] = field(default_factory=dict)
    again: int = 0

    async def send(self, bulk: list[dict[str, Any]]) -> None:
        """Post ``bulk`` until it is accepted as a whole."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, trust_env=False) as client:
            while (accepted := await _accepted(client, bulk)) is None:
                self.again += 1
                await asyncio.sleep(AGAIN_SECONDS)
        self.acknowledged |= accepted
        for mention in bulk:
            matter = self.matters.setdefault(mention["conversation"], set())
            matter.add(mention_id(self.brand, mention["channel"], mention["native_id"]))


async def _accepted(client: httpx.AsyncClient, bulk: list[dict[str, Any]]) -> set[str] | None:
    """The event ids of ``bulk``; None when it must be sent again."""
    try:
        answer = await client.post("/v1/mentions", json=bulk)
    except httpx.TransportError:
        return None
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return None
    result = answer.json()
    assert (answer.status_code, result["refused"]) == (202, 0), result
    return {item["event_id"] for item in result["results"]}


def complaints(brand: str, count: int, rng: Random, *, repeats: float = 0.05) -> list[dict[str, Any]]:
    """``count`` different mentions, each a complaint, and some of them said twice.

    Most are by an author of their own; one in four goes on in a conversation that began before, by its author or by
    another one.
    """
    said: list[dict[str, Any]] = []
    for number in range(count):
        started = rng.choice(said) if said and rng.random() < 0.25 else None
        channel = started["channel"] if started else rng.choice(CHANNELS)
        same_author = started is not None and rng.random() < 0.5
        said.append(
            {
                "brand": brand,
                "channel": channel,
                "native_id": f"{brand}-{number}",
                "conversation": started["conversation"] if started else f"{brand}-talk-{number}",
                "author": started["author"] if started and same_author else {"id": f"{brand}-author-{number}"},
                "text": rng.choice(COMPLAINTS),
            }
        )
    for place, mention in enumerate(said[:]):
        if rng.random() < repeats:
            said.insert(rng.randint(place + 1, len(said)), mention)
    return said
