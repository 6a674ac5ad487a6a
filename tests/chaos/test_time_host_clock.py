"""Hosts whose clocks are wrong by hours and years, and jump: only PostgreSQL's and the brokers' clocks count."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError

from dispatcher_child import dispatcher_process
from other_clock import AHEAD, BEHIND, YEARS_AHEAD, arguments
from servers import DatabaseFor, Topics
from service_process import running
from shenava import topics
from shenava.clock import utc_now
from shenava.codec import decode, encode
from shenava.events import IssueEvent, SlaFired
from shenava.ids import derive
from shenava.kafka.client import connection
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import KafkaSettings
from shenava.testing.builders import fact, issue_opened, issue_routed
from shenava.testing.receiver import Call, Receiver, Reply, serving
from shenava.testing.waiting import until
from webhook_world import SECRET, endpoint, notice, world

pytestmark = pytest.mark.servers

WRONG = (AHEAD, BEHIND, YEARS_AHEAD, BEHIND)
"""Forwards and backwards, over and over."""
RULES = (
    "ladders: {one: [{name: breach, kind: breach, offset: 0}]}\n"
    "policies: [{name: clocks, triage: {target: 1h, ladder: one}, resolution: {target: 30d, ladder: one}}]"
)
HOUR = timedelta(hours=1)
DUE_AGO = {"an hour ago": HOUR, "soon": timedelta(seconds=-4), "in half an hour": -HOUR / 2, "in a day": -24 * HOUR}
"""How long before the start of the test each level fell due."""


async def test_a_watcher_whose_host_shows_any_other_time_tells_nothing_early_nothing_twice_and_nothing_never(
    kafka: KafkaSettings, database_for: DatabaseFor, tmp_path: Path
) -> None:
    """The whole service: what it tells must also be taken by the brokers, which know the time."""
    (tmp_path / "sla.yaml").write_text(RULES)
    ours = {name: derive("issue", "host clock", uuid4(), name) for name in DUE_AGO}
    started = utc_now()
    story = [event for name, ago in DUE_AGO.items() for event in _complaint(ours[name], started - ago - HOUR)]
    reader = AIOKafkaConsumer(topics.SLA_ESCALATIONS.name, auto_offset_reset="earliest", **connection(kafka, "tests"))
    await reader.start()
    told: list[SlaFired] = []

    async def heard_of(*names: str) -> bool:
        for records in (await reader.getmany(timeout_ms=50)).values():
            events = [decode(record.value, record.headers) for record in records]
            told.extend(each for each in events if isinstance(each, SlaFired) and each.issue_id in ours.values())
        return {ours[name] for name in names} <= {each.issue_id for each in told}

    command = arguments(WRONG, "sla_watcher", "run")
    postgres = await database_for("sla-watcher")
    try:
        async with running(command, kafka, postgres, SHENAVA_SLA_POLICY=str(tmp_path / "sla.yaml")):
            async with producer("tests", kafka) as out:
                name = topics.ISSUES_LIFECYCLE.name
                await out.send([Outbound(name, *encode(event, source="router")) for event in story])
            await until(lambda: heard_of("an hour ago", "soon"))
        await heard_of()
    finally:
        await reader.stop()
    assert Counter(each.issue_id for each in told) == {ours["an hour ago"]: 1, ours["soon"]: 1}
    for each in told:
        # The servers' clock is this host's own: they say when it happened.
        assert each.due_at <= each.occurred_at <= utc_now()
        assert each.late_by == (each.occurred_at - each.due_at).total_seconds()


async def test_webhooks_from_a_host_whose_clock_is_wrong_are_fresh_and_tried_again_in_time(
    database_for: DatabaseFor,
) -> None:
    """The receiver knows the time, refuses what was signed at any other, and asks for eight seconds by a date."""
    settings = await database_for("router")
    asked = timedelta(seconds=8)

    def answer(call: Call) -> Reply:
        if call.message["data"]["number"] < 10:
            return Reply()
        return Reply(503, headers={"retry-after": format_datetime(utc_now() + asked, usegmt=True)})

    receiver = Receiver([SECRET], answer)
    async with serving(receiver) as url, world(settings, [endpoint(url)]) as queue:
        dispatcher = await dispatcher_process(settings, url, arguments(WRONG, "dispatcher_child"))
        try:
            for number in range(10):
                await queue.enqueue(notice(number, issue=f"i-{number}"))
                await until(lambda sent=number + 1: len(receiver.taken) == sent)  # type: ignore[misc] # with a default
            await queue.enqueue(notice(10, issue="i-10"))

            async def waits() -> list[timedelta]:
                rows = await queue.rows(
                    "SELECT next_attempt_at - now() AS wait FROM deliveries WHERE state = 'pending' AND attempts = 1"
                )
                return [row["wait"] for row in rows]

            await until(waits)
            (wait,) = await waits()
        finally:
            dispatcher.kill()
            await dispatcher.wait()
    assert receiver.counts["refused"] == receiver.counts["repeated"] == 0
    assert timedelta() < wait <= 2 * asked
    assert all(abs(call.signed_at - utc_now()) < HOUR / 6 for call in receiver.calls)


async def test_the_brokers_take_a_record_that_was_stamped_at_any_time_and_stamp_it_by_their_own(
    kafka: KafkaSettings, topic_factory: Topics
) -> None:
    """By default Kafka refuses what is an hour ahead of it, and soon deletes what is a retention behind."""
    by_the_writers_clock = await topic_factory("times")
    told = fact(brand="host-clock-test")
    key, value, headers = encode(told, source="tests")
    async with AIOKafkaProducer(**connection(kafka, "tests")) as writer:
        for offset in (*WRONG, -YEARS_AHEAD):
            stamped = int((utc_now() + timedelta(seconds=offset)).timestamp() * 1000)
            record = {"key": key, "value": value, "headers": headers, "timestamp_ms": stamped}
            taken = await writer.send_and_wait(topics.FACTS_RECORDED.name, **record)
            assert abs(datetime.fromtimestamp(taken.timestamp / 1000, UTC) - utc_now()) < HOUR / 6
            if offset > 0:
                with pytest.raises(InvalidTimestampError):
                    await writer.send_and_wait(by_the_writers_clock, **record)


def _complaint(issue: str, at: object) -> list[IssueEvent]:
    same = {"issue_id": issue, "complaint_at": at, "occurred_at": at}
    return [issue_opened(**same), issue_routed(**same)]
