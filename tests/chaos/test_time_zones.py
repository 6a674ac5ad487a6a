"""Twelve hours are 43,200 seconds on every day of every calendar, in whatever zone anybody counts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from servers import DatabaseFor
from shenava.codec import decode, encode
from shenava.db.database import Database
from shenava.events import IssueEvent
from shenava.ids import derive
from shenava.testing.builders import issue_acknowledged, issue_opened, issue_routed
from shenava.webhooks.signing import Secret, sign, verify
from sla_servers import connected, sla
from sla_watcher.clocks import Clock, clocks
from sla_watcher.lifecycle import fold, step_of
from sla_watcher.policy import parse
from sla_watcher.timers import desired

STANDARD = parse("policies: [{name: standard}]")
TRIAGE, RESOLUTION = 43_200, 86_400
ZONES = ("UTC", "Asia/Tehran", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia")
"""Half-hour offsets, half-hour summer time, and a zone that once skipped a day."""
MOMENTS = {
    "New York goes to summer time": "2026-03-08T06:30:00Z",
    "New York comes back": "2026-11-01T05:30:00Z",
    "Berlin goes to summer time": "2026-03-29T00:59:59Z",
    "Berlin comes back": "2026-10-25T00:30:00Z",
    "Lord Howe goes by half an hour": "2026-10-03T15:29:59Z",
    "Tehran went to summer time for the last time": "2022-03-21T20:00:00Z",
    "Tehran came back for the last time": "2022-09-21T19:00:00Z",
    "Apia skipped a day": "2011-12-30T09:00:00Z",
    "the day before the leap day": "2028-02-28T18:00:00Z",
    "the leap day": "2028-02-29T18:00:00Z",
    "a century without a leap day": "2100-02-28T18:00:00Z",
    "Nowruz": "2027-03-20T20:29:59Z",
    "the end of a year": "2026-12-31T20:00:00Z",
    "the end of 32 bits": "2038-01-19T03:14:07.999999Z",
    "the end of 32 bits without a sign": "2106-02-07T06:28:15Z",
}
LENGTHS = """
SELECT issue_id, clock, extract(epoch FROM deadline_at - started_at)::float8 AS length, started_at FROM clocks
"""
EVERY = [pytest.param(zone, moment, id=f"{zone}: {name}") for zone, (name, moment) in product(ZONES, MOMENTS.items())]


@pytest.fixture(params=["Asia/Tehran", "America/New_York", "Australia/Lord_Howe"])
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone that this host and its libraries believe in."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize(("zone", "moment"), EVERY)
def test_both_promises_are_as_long_in_seconds_on_every_day_in_every_zone(zone: str, moment: str) -> None:
    assert _lengths(zone, moment) == {"triage": TRIAGE, "resolution": RESOLUTION}


def test_the_hosts_own_zone_changes_no_deadline(host_zone: str) -> None:
    assert time.tzname[0] != "UTC"
    for zone, moment in product(("UTC", host_zone), MOMENTS.values()):
        assert _lengths(zone, moment) == {"triage": TRIAGE, "resolution": RESOLUTION}


@pytest.mark.parametrize(("zone", "moment"), EVERY)
def test_a_reply_is_in_time_to_the_last_microsecond_and_late_from_the_next_on(zone: str, moment: str) -> None:
    complaint_at = _told_in(zone, moment)
    for microseconds, kept in ((0, True), (1, False)):
        at = (complaint_at.astimezone(UTC) + timedelta(hours=12, microseconds=microseconds)).astimezone(ZoneInfo(zone))
        (triage, _) = _clocks([*_complaint(complaint_at), issue_acknowledged(occurred_at=at)])
        assert triage.kept is kept


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_webhook_is_signed_with_the_seconds_of_its_instant_in_every_zone(moment: str) -> None:
    secret, body = Secret(b"s" * 32), b"{}"
    instants = [_told_in(zone, moment) for zone in ZONES]
    (headers,) = {tuple(sign("m-1", instant, body, [secret]).items()) for instant in instants}
    assert verify(dict(headers), body, [secret], now=instants[0]).signed_at == instants[0].replace(microsecond=0)


@pytest.mark.servers
async def test_the_databases_own_zone_changes_no_deadline(database_for: DatabaseFor, host_zone: str) -> None:
    settings = await database_for("sla-watcher")
    told = {
        derive("issue", "zones", zone, moment): _told_in(zone, moment)
        for zone, moment in product(ZONES, MOMENTS.values())
    }
    async with connected(settings) as before:
        await _set_zone(before, f"SET timezone = '{host_zone}'")
        try:
            async with sla(settings, STANDARD) as opened:
                await opened.hear([event for issue, at in told.items() for event in _complaint(at, issue)])
                async with opened.database.transaction() as tx:
                    rows = await tx.driver.fetch(LENGTHS)
        finally:
            await _set_zone(before, "RESET timezone")
    assert len(rows) == 2 * len(told)
    for row in rows:
        assert row["length"] == (TRIAGE if row["clock"] == "triage" else RESOLUTION)
        # Python holds no instant that a clock shows twice to be the same in two zones.
        assert row["started_at"] == told[row["issue_id"]].astimezone(UTC)


async def _set_zone(database: Database, change: str) -> None:
    """``change`` the zone of every later connection of the service's role."""
    async with database.transaction() as tx:
        role = await tx.driver.fetchval("SELECT current_user")
        await tx.driver.execute(f"ALTER ROLE {role} {change}")


def _told_in(zone: str, moment: str) -> datetime:
    """The instant as somebody in ``zone`` tells it."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))


def _complaint(at: datetime, issue: str | None = None) -> list[IssueEvent]:
    same = {"complaint_at": at, "occurred_at": at} | ({"issue_id": issue} if issue else {})
    return [_as_it_arrives(each) for each in (issue_opened(**same), issue_routed(**same))]


def _as_it_arrives(event: IssueEvent) -> IssueEvent:
    """The event after its journey, where a zone has become an offset."""
    _, value, headers = encode(event, source="tests")
    arrived = decode(value, headers)
    assert isinstance(arrived, IssueEvent)
    return arrived


def _clocks(events: list[IssueEvent]) -> list[Clock]:
    steps = [step for event in events if (step := step_of(_as_it_arrives(event))) is not None]
    return [clock for state in fold(steps) for clock in clocks(state, STANDARD)]


def _lengths(zone: str, moment: str) -> dict[str, float]:
    """Seconds from the complaint to each deadline; the ladder's breach falls due exactly then."""
    complaint_at = _told_in(zone, moment)
    lengths: dict[str, float] = {}
    for clock in _clocks(_complaint(complaint_at)):
        (breach,) = [timer for timer in desired(clock) if timer.kind == "breach"]
        assert breach.due_at == clock.deadline_at
        lengths[clock.name] = breach.due_at.timestamp() - complaint_at.timestamp()
    return lengths
