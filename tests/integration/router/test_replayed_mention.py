"""A mention that the router put aside and an operator replayed: whatever is repeated, it opens one issue."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from dead_letter_world import DeadLetterWorld, dead_letter_world
from router.handler import RouteMentions
from router_world import RouterWorld, router_world, said
from servers import DatabaseFor, Topics
from shenava.codec import encode
from shenava.errors import Invalid
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.consumer import Consumer, Handler, Inbound
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers


async def read(
    dead: DeadLetterWorld, handler: Handler, enough: Callable[[], Awaitable[bool]], group: str = "router"
) -> None:
    """Let a member of the group ``group`` handle what is on the topic until that is ``enough``."""
    stop = asyncio.Event()
    subscription = KafkaSubscription([dead.topic], group=f"{group}-{dead.topic}", settings=dead.kafka)
    async with producer("tests", dead.kafka) as out:
        consumer = Consumer(subscription, handler, out.send, group=group, settings=dead.kafka)
        running = asyncio.create_task(consumer.run(stop))
        await until(enough)
        stop.set()
        await running


async def refuse(batch: Sequence[Inbound]) -> None:
    """The router before it was mended."""
    raise Invalid("rule_not_understood", f"of {len(batch)} mentions")


def letters_are(dead: DeadLetterWorld, count: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many letters lie there."""

    async def are() -> bool:
        return len(await dead.letters()) == count

    return are


class Counted:
    """The router's handler, and how many mentions it was given."""

    def __init__(self, handler: RouteMentions) -> None:
        self._handler = handler
        self.mentions = 0

    async def __call__(self, batch: Sequence[Inbound]) -> None:
        await self._handler(batch)
        self.mentions += len(batch)

    async def had_all(self) -> bool:
        """The mention itself came once as a letter, and twice by replays of that."""
        return self.mentions == 2


async def issues(router: RouterWorld) -> list[tuple[int, int]]:
    return [(row["mention_count"], row["sequence"]) for row in await router.rows("SELECT * FROM issues")]


async def test_a_mention_that_dies_twice_and_is_replayed_twice_opens_one_issue(
    topic_factory: Topics, database_for: DatabaseFor, tmp_path: Path
) -> None:
    dead = await dead_letter_world(topic_factory)
    await dead.write(Outbound(dead.topic, *encode(said(text="سفارشم نرسید"), source="sentiment")))
    await read(dead, refuse, letters_are(dead, 1))
    assert (await dead.command("replay", dead.topic)).exit_code == 0
    await read(dead, refuse, letters_are(dead, 2))
    (first, again) = await dead.letters()
    assert (first.replays, again.replays, again.reason) == (0, 1, "rule_not_understood")

    async with router_world(await database_for("router"), tmp_path) as router:
        for _ in range(2):
            assert (await dead.command("replay", dead.topic, "--letter", "0:2", "--again")).exit_code == 0
        mended = Counted(router.handler)
        await read(dead, mended, mended.had_all)
        assert await issues(router) == [(1, 2)]
        assert len(await router.told("issues.customer-care")) == 1

        # Read anew from the beginning, the mention and all three copies come once more.
        everything = Counted(router.handler)

        async def had_the_whole_topic() -> bool:
            return everything.mentions == 4

        await read(dead, everything, had_the_whole_topic, group="newcomer")
        assert await issues(router) == [(1, 2)]
