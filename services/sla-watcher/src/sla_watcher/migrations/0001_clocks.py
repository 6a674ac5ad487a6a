"""The clocks of issues: the steps they follow from, the clocks, their timers, and the outbox."""

from alembic import op

from shenava import outbox

revision = "0001"
down_revision = None

_STATEMENTS = (
    # One row an issue, locked by whoever reckons or fires it: so each issue's events are staged in one order.
    "CREATE TABLE issues (issue_id text PRIMARY KEY)",
    # What happened; the primary key is the inbox. Holds no text and no author.
    """
    CREATE TABLE issue_events (
        issue_id text NOT NULL,
        sequence integer NOT NULL,
        step jsonb NOT NULL,
        PRIMARY KEY (issue_id, sequence)
    )
    """,
    """
    CREATE TABLE policies (
        version text PRIMARY KEY,
        speed double precision NOT NULL,
        document jsonb NOT NULL,
        activated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE clocks (
        issue_id text NOT NULL,
        round integer NOT NULL,
        clock text NOT NULL,
        brand text NOT NULL,
        policy text NOT NULL,
        policy_version text NOT NULL,
        queue text,
        severity text NOT NULL,
        complaint_at timestamptz NOT NULL,
        routed_at timestamptz,
        acknowledged_at timestamptz,
        started_at timestamptz NOT NULL,
        deadline_at timestamptz NOT NULL,
        resting boolean NOT NULL,
        stopped_at timestamptz,
        ended_at timestamptz,
        kept boolean,
        said_kept boolean,
        met boolean NOT NULL,
        revision integer NOT NULL,
        PRIMARY KEY (issue_id, round, clock)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX clocks_running ON clocks (issue_id, clock) INCLUDE (policy_version) WHERE ended_at IS NULL",
    """
    CREATE TABLE timers (
        issue_id text NOT NULL,
        round integer NOT NULL,
        clock text NOT NULL,
        level text NOT NULL,
        rung smallint NOT NULL,
        kind text NOT NULL,
        tell text[] NOT NULL,
        due_at timestamptz NOT NULL,
        fired_at timestamptz,
        cancelled_at timestamptz,
        PRIMARY KEY (issue_id, round, clock, level)
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)
    """,
    # Only what is still to be told: the watcher reads its front end, however many timers there are.
    "CREATE INDEX timers_due ON timers (due_at) WHERE fired_at IS NULL AND cancelled_at IS NULL",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)
    outbox.create_table()
