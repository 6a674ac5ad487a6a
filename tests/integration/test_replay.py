"""Every event up to five times, and whole topics once more from their beginning: nothing in any table changes."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from group_reading import Group, write
from metrics_api.handler import Project
from metrics_stories import talk
from router_world import RouterWorld, router_world, said
from servers import DatabaseFor, Topics
from shenava.db.database import Database
from shenava.events import Event, IssueEvent, IssueOpened, MentionClassified, SlaFired, SlaMet
from shenava.events.mentions import Author
from shenava.testing import builders as b
from sla_servers import complaints, issue_id, sla
from sla_watcher.policy import parse
from webhook_world import endpoint

pytestmark = pytest.mark.servers

QUICK = parse("policies: [{name: quick, triage: {target: 1h}, resolution: {target: 2h}}]")
PARTITIONS = 3
INTENTS = ("complaint", "refund", "question", "suggestion", "praise", "other", "spam")


async def rows(database: Database) -> dict[str, list[str]]:
    """Every row of every table of the service as text: what is read again must not even touch one."""
    async with database.transaction() as tx:
        names = await tx.driver.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
        return {
            name: [row[0] for row in await tx.driver.fetch(f"SELECT t::text FROM {name} AS t ORDER BY 1")]  # noqa: S608 - our own names
            for (name,) in names
        }


def repeated(chance: Random, events: Sequence[Event]) -> list[Event]:
    """Each event one to five times; the first times are in their order."""
    copies = [(float(place), event) for place, event in enumerate(events)]
    for place, event in enumerate(events):
        copies += [(place + chance.random() * (len(events) - place), event) for _ in range(chance.randint(0, 4))]
    return [event for _, event in sorted(copies, key=lambda copy: copy[0])]


async def _check_replay(group: Group, database: Database) -> dict[str, list[str]]:
    await group.read_to_the_end()
    before = await rows(database)
    await group.set_back()
    await group.read_to_the_end()
    assert await rows(database) == before
    return before


async def test_the_numbers_do_not_change_when_everything_is_read_again(
    topic_factory: Topics, database_for: DatabaseFor
) -> None:
    chance = Random(1)  # noqa: S311 - a reproducible story
    story = talk(chance, 60)
    topic = await topic_factory("numbers", partitions=PARTITIONS)
    await write(topic_factory.settings, topic, repeated(chance, story))
    async with Database(await database_for("metrics-api"), schema="metrics", service="tests") as database:
        kept = await _check_replay(
            Group(topic_factory.settings, topic, Project(database), partitions=PARTITIONS), database
        )
        async with database.transaction() as tx:
            counted = await tx.driver.fetchval("SELECT sum(mentions) FROM mention_hours")
    said_once = {each.mention.mention_id for each in story if isinstance(each, MentionClassified)}
    assert counted == len(said_once) == len(kept["mentions"])
    assert len(kept["issue_events"]) == len([each for each in story if isinstance(each, IssueEvent)])


async def test_no_clock_starts_and_nothing_is_told_when_everything_is_read_again(
    topic_factory: Topics, database_for: DatabaseFor
) -> None:
    """Half of the issues are overdue and told of, the other half were resolved in time."""
    topic = await topic_factory("clocks", partitions=PARTITIONS)
    async with sla(await database_for("sla-watcher"), QUICK) as opened:
        began = await opened.now() - timedelta(hours=6)
        story = complaints(40, began)
        for number in range(20):
            same = {"issue_id": issue_id(number), "occurred_at": began + timedelta(minutes=30)}
            story += [b.issue_acknowledged(**same), b.issue_resolved(**same)]
        await write(topic_factory.settings, topic, repeated(Random(2), story))  # noqa: S311 - a reproducible story
        group = Group(topic_factory.settings, topic, opened.follow, partitions=PARTITIONS)
        await group.read_to_the_end()
        watcher = await opened.watcher()
        while await watcher.turn() == 0.0:
            pass
        await _check_replay(group, opened.database)
        while await watcher.turn() == 0.0:
            pass
        told = await opened.told()
    assert len([each for each in told if isinstance(each, SlaFired)]) == 20 * 8
    assert len([each for each in told if isinstance(each, SlaMet)]) == 40
    assert len({each.event_id for each in told}) == len(told)


@pytest.fixture
async def router(database_for: DatabaseFor, tmp_path: Path) -> AsyncIterator[RouterWorld]:
    async with router_world(await database_for("router"), tmp_path, [endpoint("http://127.0.0.1:9/")]) as made:
        yield made


async def test_no_issue_and_no_webhook_is_made_when_everything_is_read_again(
    topic_factory: Topics, router: RouterWorld
) -> None:
    """Mentions and what clocks said, in any partition; the deliveries are as many as the things to tell."""
    chance = Random(3)  # noqa: S311 - a reproducible story
    topic = await topic_factory("router", partitions=PARTITIONS)
    clocks: list[Event] = [b.sla_warned(), b.sla_breached(), b.sla_escalated(), b.sla_met(clock="resolution")]
    await write(topic_factory.settings, topic, repeated(chance, [*_mentions(chance, 60), *clocks]))
    kept = await _check_replay(
        Group(topic_factory.settings, topic, router.handler, partitions=PARTITIONS), router.database
    )
    told = await router.told("issues.lifecycle")
    # The opening is told together with its routing.
    to_tell = [each for each in told if not isinstance(each, IssueOpened)]
    assert len(kept["deliveries"]) == len(to_tell) + len(clocks)
    assert len({each.event_id for each in told}) == len(told)


@pytest.mark.parametrize("seed", range(3))
async def test_repeats_interleavings_and_other_batches_give_the_same_issues(
    database_for: DatabaseFor, router: RouterWorld, tmp_path: Path, seed: int
) -> None:
    """Conversations pass one another freely; each keeps its order, as in its partition."""
    chance = Random(seed)  # noqa: S311 - a reproducible story
    story = _mentions(chance, 40)
    await router.take(*story)
    lines: defaultdict[str, list[MentionClassified]] = defaultdict(list)
    for event in story:
        lines[event.key].append(event)
    order = chance.sample([event.key for event in story], len(story))
    mixed = repeated(chance, [lines[key].pop(0) for key in order])
    (tmp_path / "other").mkdir()
    async with router_world(await database_for("router"), tmp_path / "other") as other:
        while mixed:
            size = chance.randint(1, 12)
            await other.take(*mixed[:size])
            mixed = mixed[size:]
        assert await _issues(other) == await _issues(router)


async def _issues(world: RouterWorld) -> Counter[tuple[object, ...]]:
    """The issues by all but their names and times: which mentions, where they lie, how weighty they are."""
    found = await world.rows(
        "SELECT array_agg(m.mention_id ORDER BY m.mention_id) AS members, i.state, i.severity, i.queue, i.mention_count"
        " FROM issues i JOIN issue_mentions m ON m.issue_id = i.id GROUP BY i.id"
    )
    return Counter(tuple(map(str, row.values())) for row in found)


def _mentions(chance: Random, count: int) -> list[MentionClassified]:
    """By few people, each in a conversation of his own or in his second one."""
    told = []
    for number in range(count):
        author = chance.choice("ابپتث")
        told.append(
            said(
                f"p-{number}",
                chance.choice(INTENTS),
                author=Author(id=author),
                conversation=author + chance.choice("12"),
                posted_at=b.BASE + timedelta(minutes=number),
            )
        )
    return told
