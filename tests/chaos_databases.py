"""PostgreSQL cannot be reached, has gone without a word, or is cut off in the middle of a commit."""

from random import Random

import asyncpg

from chaos_links import LONG_SECONDS, away, cut_at, one_after_another, slow, with_bounded_memory
from chaos_world import Fault
from shenava.dev.fault_proxy import FaultProxy
from shenava.dev.pacing import Pace
from shenava.dev.stack import Stack

SLOWNESS = Pace(delay=0.05)
"""On the way there and back: 100 ms a statement."""
END = ".*COMMIT"
TRANSACTIONS = {
    "router": (f"INSERT INTO (mentions|issue_keys){END}", f"UPDATE deliveries{END}", "DELETE FROM outbox"),
    "sla-watcher": (f"INSERT INTO issue_events{END}", f"UPDATE timers{END}", "DELETE FROM outbox"),
    "metrics-api": (f"INSERT INTO{END}",),
}
"""What ends a transaction of each kind that the services make; a relay's removal is one of its own."""
_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('router', 'sla', 'metrics')"


async def _restart(stack: Stack, _: Random) -> None:
    await stack.postgres.stop()
    await stack.postgres.restart()


async def _terminate(stack: Stack, _: Random) -> None:
    admin = await asyncpg.connect(stack.postgres.admin_dsn)
    try:
        await admin.execute(_TERMINATE)
    finally:
        await admin.close()


RESTARTS = Fault("PostgreSQL restarts and then ends every connection", one_after_another([_restart, _terminate]))
REFUSES = Fault(
    "PostgreSQL refuses all services",
    away(FaultProxy.refuse, "postgres"),
    away(FaultProxy.refuse, "postgres", seconds=LONG_SECONDS),
)
SWALLOWS = Fault(
    "PostgreSQL swallows what all services say",
    with_bounded_memory(away(FaultProxy.black_hole, "postgres")),
    with_bounded_memory(away(FaultProxy.black_hole, "postgres", seconds=LONG_SECONDS)),
)
MOVES = Fault(
    "PostgreSQL has moved and connections to where it was stay silent for ever",
    with_bounded_memory(away(FaultProxy.black_hole, "postgres", silent=True)),
)
SLOW = Fault(
    "PostgreSQL takes 100 ms for a statement",
    with_bounded_memory(slow("postgres", SLOWNESS)),
    with_bounded_memory(slow("postgres", SLOWNESS, seconds=LONG_SECONDS)),
)
ALL = (RESTARTS, REFUSES, SWALLOWS, MOVES, SLOW)
COMMITS = tuple(
    Fault(
        f"connections of {service} are cut before and after COMMIT arrives",
        cut_at("postgres", service, patterns),
        cut_at("postgres", service, patterns, times=10),
        runs=20 * len(patterns),
    )
    for service, patterns in TRANSACTIONS.items()
)
COMMITS_IN_TURN = Fault(
    "connections of one service after another are cut before and after COMMIT arrives",
    one_after_another(fault.inject for fault in COMMITS),
)
