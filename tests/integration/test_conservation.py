"""Router and metrics on real PostgreSQL: what is heard is accounted for, and what is lost between them is missed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from metrics_api import drilldown
from metrics_api.answer import Point
from metrics_api.asking import answered, as_of
from metrics_api.catalogue import BY_NAME
from metrics_api.handler import Project
from metrics_api.inputs import GRACE
from metrics_api.question import Question, ask
from metrics_stories import arrived
from router_world import RouterWorld, inbound, router_world, said
from servers import DatabaseFor
from shenava.db.database import Database, Transaction
from shenava.events import Event, MentionClassified, MentionPassed
from shenava.events.mentions import Author
from shenava.testing import builders as b

pytestmark = pytest.mark.servers

MINA, REZA = Author(id="mina"), Author(id="reza")
COMPLAINT = said("p-1", author=MINA)
CHAT = said("p-3", "other", author=REZA, conversation="t-3")
HEARD: tuple[MentionClassified, ...] = (
    COMPLAINT,
    said("p-2", author=MINA),
    CHAT,
    said("p-4", "spam", lane="backfill", conversation="t-4"),
    said("p-5", "question", author=REZA, conversation="t-5", text="قیمتش چنده؟"),
    said("p-6", "praise", author=REZA, conversation="t-6", text="ممنون، عالی بود"),
)
"""One form of each mention: three come into issues, three are passed."""

LATER_FORMS: tuple[MentionClassified, ...] = (
    said("p-1", "other", change="edited", author=MINA, text="حل شد"),
    said("p-1", "other", change="deleted", author=MINA, text=""),
    said("p-3", change="edited", author=REZA, conversation="t-3", text="سفارشم نرسیده"),
    said("p-7", "other", change="deleted", conversation="t-7", text=""),
    said("p-7", conversation="t-7"),
)
"""A member edited and taken back, a passed mention that becomes a complaint, a post that comes after its deletion."""


@pytest.fixture
async def router(database_for: DatabaseFor, tmp_path: Path) -> AsyncIterator[RouterWorld]:
    async with router_world(await database_for("router"), tmp_path) as made:
        yield made


class Books:
    """What metrics-api makes of events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, *events: Event) -> None:
        """Project ``events`` as one batch."""
        await Project(self._database)(inbound(events))

    async def let_the_grace_pass(self) -> None:
        """What was heard so far was heard longer ago."""
        async with self._database.transaction() as tx:
            longer = GRACE + timedelta(minutes=1)
            await tx.driver.execute("UPDATE inbox SET seen_at = seen_at - $1::interval", longer)

    async def proof(self) -> Point:
        """M32 now."""
        async with self._database.transaction() as tx:
            (point,) = await answered(tx, _question(tx))
            return point

    async def missed(self) -> list[str | None]:
        """The mentions behind M32."""
        async with self._database.transaction() as tx:
            page = await drilldown.page(tx, _question(tx), after=None, most=100, as_of=as_of(tx.now))
            return [item.mention_id for item in page.items]


def _question(tx: Transaction) -> Question:
    span = timedelta(days=1)
    return ask(BY_NAME["forgotten_issues"], brand=b.BRAND, now=tx.now, since=b.BASE - span, until=b.BASE + span)


@pytest.fixture
async def books(database_for: DatabaseFor) -> AsyncIterator[Books]:
    async with Database(await database_for("metrics-api"), schema="metrics", service="tests") as opened:
        yield Books(opened)


@pytest.mark.parametrize("seed", range(3))
async def test_all_that_is_heard_is_accounted_for_in_whatever_order_and_batches(
    router: RouterWorld, books: Books, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - a reproducible story
    heard: list[Event] = [*HEARD, *LATER_FORMS]
    for batch in arrived(random, heard):
        await router.take(*batch)
    for batch in arrived(random, [*heard, *await router.told()]):
        await books.write(*batch)
    await books.let_the_grace_pass()
    point = await books.proof()
    assert (point.figure.value, point.figure.n) == (0, 7)
    told = point.figure.detail["mentions"]
    assert told["open"] + told["passed"] == told["heard"] == 7
    assert await books.missed() == []


@pytest.mark.parametrize("lost", HEARD, ids=lambda event: event.mention.native_id)
async def test_a_mention_that_never_reaches_the_router_is_forgotten_once_the_grace_has_passed(
    router: RouterWorld, books: Books, lost: MentionClassified
) -> None:
    await router.take(*(event for event in HEARD if event is not lost))
    await books.write(*HEARD, *await router.told())
    assert await _counted(books) == (0, 1, 0)
    await books.let_the_grace_pass()
    assert await _counted(books) == (1, 0, 1)
    assert await books.missed() == [lost.mention.mention_id]


async def test_a_pass_that_never_reaches_the_books_is_missed_until_it_does(router: RouterWorld, books: Books) -> None:
    await router.take(*HEARD)
    told = await router.told()
    passes = [event for event in told if isinstance(event, MentionPassed)]
    assert len(passes) == 3
    lost = passes[1]
    await books.write(*HEARD, *(event for event in told if event is not lost))
    await books.let_the_grace_pass()
    assert await _counted(books) == (1, 0, 1)
    assert await books.missed() == [lost.mention_id]
    await books.write(lost)
    assert await _counted(books) == (0, 0, 0)


async def test_a_later_form_that_is_lost_is_missed_though_the_earlier_one_was_passed(
    router: RouterWorld, books: Books
) -> None:
    await router.take(CHAT)
    turned = said("p-3", change="edited", author=REZA, conversation="t-3", received_at=b.BASE + timedelta(hours=1))
    await books.write(CHAT, turned, *await router.told())
    await books.let_the_grace_pass()
    assert await _counted(books) == (1, 0, 1)
    await router.take(turned)
    await books.write(*await router.told())
    assert await _counted(books) == (0, 0, 0)


async def _counted(books: Books) -> tuple[object, int, int]:
    """M32, the mentions on their way, and the mentions forgotten."""
    figure = (await books.proof()).figure
    told = figure.detail["mentions"]
    return figure.value, told["on_its_way"], told["forgotten"]
