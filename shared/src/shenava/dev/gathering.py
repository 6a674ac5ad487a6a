"""Collects what the oracle judges: the topics, the services' tables, the receiver's account, all of one brand."""

from collections import defaultdict
from typing import Any

import asyncpg
import httpx

from shenava import topics
from shenava.dev.evidence import Delivery, Evidence, Tables, Timer, Told
from shenava.dev.observer import Observer
from shenava.dev.stack import RECEIVER, Stack
from shenava.events import IssueEvent, IssueOpened, MentionClassified, MentionPassed, MentionReceived, SlaEvent

_HISTORY = """
SELECT h.issue_id, h.sequence FROM router.issue_history h JOIN router.issues i ON i.id = h.issue_id WHERE i.brand = $1
"""
_HOMES = """
SELECT m.mention_id, m.issue_id FROM router.issue_mentions m JOIN router.issues i ON i.id = m.issue_id
WHERE i.brand = $1
"""
_DELIVERIES = """
SELECT d.message_id, d.endpoint_id, d.issue_id, d.type, d.state FROM router.deliveries d
JOIN router.issues i ON i.id = d.issue_id WHERE i.brand = $1
"""
_TIMERS = """
SELECT t.issue_id, t.round, t.clock, t.level, t.fired_at IS NOT NULL AS fired, t.cancelled_at IS NOT NULL AS cancelled
FROM sla.timers t JOIN sla.clocks c USING (issue_id, round, clock) WHERE c.brand = $1
"""
_PROJECTED = "SELECT issue_id, seen, last_sequence FROM metrics.issues WHERE brand = $1"
_HOURS = "SELECT coalesce(sum(mentions), 0)::bigint FROM metrics.mention_hours WHERE brand = $1"
_STAGED = "SELECT (SELECT count(*) FROM router.outbox) AS router, (SELECT count(*) FROM sla.outbox) AS sla_watcher"


async def gather(
    stack: Stack, observer: Observer, told: Told, *, brand: str, levels: tuple[str, ...], routes_to: str
) -> Evidence:
    """Everything there is of ``brand`` now; ``observer`` is one that keeps that brand.

    Raises:
        OSError, asyncpg.PostgresError, httpx.HTTPError: a server of the stack cannot be asked.
    """
    await observer.catch_up()
    lifecycle = observer.on(topics.ISSUES_LIFECYCLE, IssueEvent)
    issues = {event.issue_id for event in lifecycle if isinstance(event, IssueOpened)}
    return Evidence(
        told=told,
        received=observer.on(topics.MENTIONS_RECEIVED, MentionReceived),
        classified=observer.on(topics.MENTIONS_CLASSIFIED, MentionClassified),
        passed=observer.on(topics.MENTIONS_PASSED, MentionPassed),
        lifecycle=lifecycle,
        clocks=observer.on(topics.SLA_ESCALATIONS, SlaEvent),
        tables=await _tables(stack.postgres.admin_dsn, brand),
        taken=await _taken(stack, issues),
        levels=levels,
        routes_to=routes_to,
    )


async def _tables(admin_dsn: str, brand: str) -> Tables:
    connection = await asyncpg.connect(admin_dsn, timeout=10)
    try:
        # One snapshot of all schemas, so that the services may go on meanwhile.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _read(connection, brand)
    finally:
        await connection.close()


async def _read(connection: Any, brand: str) -> Tables:
    async def column(query: str) -> frozenset[str]:
        return frozenset(row[0] for row in await connection.fetch(query, brand))

    history: defaultdict[str, set[int]] = defaultdict(set)
    for issue, sequence in await connection.fetch(_HISTORY, brand):
        history[issue].add(sequence)
    clocks = await connection.fetch("SELECT issue_id, round, clock FROM sla.clocks WHERE brand = $1", brand)
    return Tables(
        history={issue: frozenset(numbers) for issue, numbers in history.items()},
        homes=dict([tuple(row) for row in await connection.fetch(_HOMES, brand)]),
        deliveries=[Delivery(*row) for row in await connection.fetch(_DELIVERIES, brand)],
        staged=dict(await connection.fetchrow(_STAGED)),
        clocks=frozenset((issue, number, clock) for issue, number, clock in clocks),
        timers=[Timer(*row) for row in await connection.fetch(_TIMERS, brand)],
        counted=await column("SELECT mention_id FROM metrics.mentions WHERE brand = $1"),
        hours=await connection.fetchval(_HOURS, brand),
        projected={row[0]: (row[1], row[2]) for row in await connection.fetch(_PROJECTED, brand)},
        verdicts=await column("SELECT event_id FROM metrics.sla_events WHERE brand = $1"),
        passed=await column("SELECT cause_id FROM metrics.mentions_passed WHERE brand = $1"),
    )


async def _taken(stack: Stack, issues: set[str]) -> frozenset[str]:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        answer = await client.get(stack.url(RECEIVER) + "/received/messages")
        answer.raise_for_status()
    return frozenset(message["id"] for message in answer.json() if message["issue_id"] in issues)
