"""What is said under load: complaints in Persian and English, of many authors, some of them said twice."""

from random import Random
from typing import Any

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
