"""Deadlines by the thousand: one issue as the handler leaves it, copied within the database under other ids."""

from datetime import datetime, timedelta

from sla_servers import Sla, complaints, issue_id
from sla_watcher.policy import parse

TARGET = timedelta(hours=1)
ONE_LEVEL = parse(
    "ladders: {one: [{name: breach, kind: breach, offset: 0}]}\n"
    "policies: [{name: storm, triage: {target: 1h, ladder: one}, resolution: {target: 360d, ladder: one}}]"
)
"""One level of one clock falls due; the other clock runs for nearly a year."""

_AT_ONCE = 10_000
_MOVED = ", ".join(
    f"'{name}', (to_jsonb(t) ->> '{name}')::timestamptz + n * $4::interval"
    for name in ("complaint_at", "started_at", "deadline_at", "due_at")
)
# Names that a table has no column for are passed over.
_COPY = """
INSERT INTO {table} SELECT copy.* FROM {table} AS t, generate_series($2::int, $3::int) AS n,
LATERAL json_populate_record(t, json_build_object('issue_id', t.issue_id || '-' || n, {moved})) AS copy
WHERE t.issue_id = $1
"""


async def storm(opened: Sla, count: int, *, due_at: datetime, apart: timedelta = timedelta()) -> None:
    """``count`` issues under :data:`ONE_LEVEL`; the first one's level is due at ``due_at``, each next one's later."""
    await opened.hear(complaints(1, due_at - TARGET))
    for start in range(1, count, _AT_ONCE):
        async with opened.database.transaction() as tx:
            for table in ("issues", "issue_events", "clocks", "timers"):
                statement = _COPY.format(table=table, moved=_MOVED)
                await tx.driver.execute(statement, issue_id(0), start, min(start + _AT_ONCE, count) - 1, apart)
    async with opened.database.transaction() as tx:
        await tx.driver.execute("ANALYZE issues, clocks, timers")
