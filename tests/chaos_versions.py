"""Writers of older and newer versions beside ours, under load: what they add is ignored, what none reads put aside."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from aiokafka import AIOKafkaProducer

from chaos_world import Fault, Inject, Look, broken_laws
from e2e_bad_records import Spoil, Written, both, header, member, structured, without
from shenava import topics
from shenava.codec import encode
from shenava.dead_letters.log import Log
from shenava.dev.evidence import Evidence, Told
from shenava.dev.stack import SERVICES, Stack
from shenava.events import MentionClassified, MentionReceived
from shenava.events.mentions import Author
from shenava.kafka.client import connection
from shenava.testing import builders

FEW, MANY = 120, 3_000
PAUSE_SECONDS = 0.03
UNKNOWN_EVERY = 6

_NEWER = both(
    both(member("mood", {"of": ["the", {"day": 1e308}]}), member("schema", "v1.7")),
    both(member("mention.thread_depth", 3), member("mention.author.badges", ["آبی", {"since": None}])),
)
_OLDER = both(member("mention.url", None), both(member("mention.rating", None), member("mention.counts", None)))
SPOKEN: tuple[Spoil, ...] = (
    _NEWER,
    both(
        _NEWER, structured(lambda e: e | {"dataschema": "https://nilgoon.example/v1.7", "traceparent": "00-ab-cd-01"})
    ),
    _OLDER,
    both(_OLDER, structured()),
    both(header("ce_time", None), header("ce_source", None)),
    both(structured(), without("time")),
)
"""How writers of other versions put the same events."""


def _unknown(kind: str) -> tuple[Spoil, ...]:
    """How a writer of the next version would put events that we cannot read."""
    return (header("ce_type", kind.encode()), structured(lambda e: e | {"type": kind}))


class _Foreign:
    """A writer of other versions, of a brand of its own.

    Attributes:
        told: what it was promised: what Kafka has acknowledged.
        unread: by topic, the ids of those events that nobody here can read.
    """

    def __init__(self, brand: str) -> None:
        self.brand = brand
        self.told = Told()
        self.unread: dict[topics.Topic, list[str]] = {topics.MENTIONS_RECEIVED: [], topics.MENTIONS_CLASSIFIED: []}

    async def write(self, producer: AIOKafkaProducer, number: int) -> None:
        """Write mention ``number`` as heard, or as understood, in one of the ways."""
        heard = number % 2 == 0
        event = self._received(number) if heard else self._classified(number)
        topic = topics.MENTIONS_RECEIVED if heard else topics.MENTIONS_CLASSIFIED
        record = Written(*encode(event, source="foreign"))
        if number // 2 % UNKNOWN_EVERY == 0:
            ways = _unknown(event.TYPE.replace(".v1", ".v2"))
            await _send(producer, topic, ways[number // 2 // UNKNOWN_EVERY % len(ways)](record))
            self.unread[topic].append(event.event_id)
            return
        await _send(producer, topic, SPOKEN[number // 2 % len(SPOKEN)](record))
        self.told.matters.setdefault(event.mention.conversation, set()).add(event.mention.mention_id)
        if heard:
            self.told.accepted.add(event.event_id)

    def _received(self, number: int) -> MentionReceived:
        return builders.received(brand=self.brand, **_mention(number))

    def _classified(self, number: int) -> MentionClassified:
        return builders.classified(brand=self.brand, **_mention(number))


def _mention(number: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    told = {"native_id": f"n-{number}", "conversation": f"c-{number}", "author": Author(id=f"a-{number}")}
    return {**told, "posted_at": now, "received_at": now}


async def _send(producer: AIOKafkaProducer, topic: topics.Topic, record: Written) -> None:
    await producer.send_and_wait(topic.name, key=record.key, value=record.value, headers=[*record.headers])


def _other_versions(count: int) -> Inject:
    async def inject(stack: Stack, rng: Random) -> Look:
        foreign = _Foreign(f"foreign-{rng.getrandbits(40):x}")
        async with AIOKafkaProducer(acks="all", **connection(stack.kafka_settings, "foreign")) as producer:
            for number in range(count):
                await foreign.write(producer, number)
                await asyncio.sleep(PAUSE_SECONDS)
        return _looking(stack, foreign)

    return inject


def _looking(stack: Stack, foreign: _Foreign) -> Look:
    async def look(_: Evidence) -> Sequence[str]:
        async with Log(stack.kafka_settings) as log:
            aside = [record for topic in foreign.unread async for record in log.records(topic.dead)]
        letters = Counter(_letter(dict(record.headers), record.value or b"") for record in aside)
        return [*await broken_laws(stack, foreign.told, foreign.brand), *_put_aside(foreign, letters)]

    return look


Letter = tuple[str, str, bool, str]
"""Group, reason, whether the detail names the type, and the event's id."""


def _letter(headers: dict[str, bytes], value: bytes) -> Letter:
    fields = Written(None, value, ()).fields
    event: str = fields.get("data", fields).get("event_id", "")
    group, reason, detail = (headers[f"dead_letter_{name}"].decode() for name in ("group", "reason", "detail"))
    return group, reason, ".v2" in detail, event


def _put_aside(foreign: _Foreign, letters: Counter[Letter]) -> Iterable[str]:
    """What was not put aside once by each group with a clear reason, and what was without need."""
    wanted = {
        (group, "unknown_event_type", True, event)
        for topic, events in foreign.unread.items()
        for group in set(topic.read_by) & set(SERVICES)
        for event in events
    }
    for letter in wanted:
        if letters[letter] != 1:
            yield f"{letter} was put aside {letters[letter]} times"
    read = foreign.told.accepted & {event for *_, event in letters}
    yield from (f"{event} was put aside though it can be read" for event in read)


ALL = (
    Fault(
        "writers of other versions write beside ours",
        _other_versions(FEW),
        _other_versions(MANY),
        runs=MANY,
    ),
)
