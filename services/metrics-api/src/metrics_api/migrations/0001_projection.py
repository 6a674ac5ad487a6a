"""Tables of the projection: mentions with their counts, issues folded from their events, clocks' events, facts.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shenava import inbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create everything."""
    inbox.create_table()
    _mentions()
    for table in ("mention_hours", "mention_days"):
        _counts(table)
    _issues()
    _rounds()
    _clocks()
    _facts()


def downgrade() -> None:
    """Drop everything; `rebuild` from the topics brings it back."""
    for table in (
        "facts", "sla_events", "issue_rounds", "issue_mentions", "issue_events", "issues", "mention_days",
        "mention_hours", "mentions", "inbox",
    ):  # fmt: skip
        op.drop_table(table)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _INSTANT, nullable=nullable)


def _mentions() -> None:
    op.create_table(
        "mentions",
        _text("mention_id", primary_key=True),
        _text("brand"),
        _text("event_id"),
        _instant("occurred_at"),
        _text("change"),
        _instant("posted_at"),
        _instant("received_at"),
        *map(_text, ("channel", "language", "outcome", "intent", "role", "model")),
    )
    op.create_index("mentions_by_time", "mentions", ["brand", "posted_at", "mention_id"])
    op.create_index(
        "mentions_complaints",
        "mentions",
        ["brand", "posted_at"],
        postgresql_where=sa.text("intent IN ('complaint', 'refund')"),
    )


def _counts(table: str) -> None:
    key = ("channel", "language", "outcome", "intent", "role", "model")
    op.create_table(
        table,
        _text("brand", primary_key=True),
        sa.Column("bucket", _INSTANT, primary_key=True),
        *(_text(name, primary_key=True) for name in key),
        sa.Column("mentions", sa.BigInteger, nullable=False),
    )


def _issues() -> None:
    op.create_table(
        "issues",
        _text("issue_id", primary_key=True),
        _text("brand"),
        _text("state"),
        _instant("complaint_at"),
        _text("mention_id", nullable=True),
        *map(_text, ("channel", "language", "intent", "severity", "queue")),
        _text("rule_id", nullable=True),
        _text("rulebook_version", nullable=True),
        sa.Column("fallback", sa.Boolean, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
    )
    op.create_index("issues_by_time", "issues", ["brand", "complaint_at", "issue_id"])
    op.create_table(
        "issue_events",
        _text("issue_id", primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("event_id"),
        _text("brand"),
        _text("kind"),
        sa.Column("round", sa.BigInteger, nullable=False),
        _instant("occurred_at"),
        sa.Column("step", JSONB, nullable=False),
    )
    op.create_table("issue_mentions", _text("mention_id", primary_key=True), _text("issue_id", primary_key=True))


def _rounds() -> None:
    op.create_table(
        "issue_rounds",
        _text("issue_id", primary_key=True),
        sa.Column("round", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("brand"),
        _instant("complaint_at"),
        _text("mention_id", nullable=True),
        *map(_text, ("channel", "language", "intent", "severity", "queue")),
        _text("rule_id", nullable=True),
        _text("rulebook_version", nullable=True),
        sa.Column("starts_clocks", sa.Boolean, nullable=False),
        *(_instant(name, nullable=True) for name in ("routed_at", "acknowledged_at", "moved_private_at")),
        _instant("resolved_at", nullable=True),
        _text("resolution", nullable=True),
        _instant("ended_at", nullable=True),
        sa.Column("paused_us", sa.BigInteger, nullable=False),
        sa.Column("paused_since_handoff_us", sa.BigInteger, nullable=False),
        _instant("paused_since", nullable=True),
    )
    op.create_index("issue_rounds_by_time", "issue_rounds", ["brand", "complaint_at", "issue_id", "round"])


def _clocks() -> None:
    op.create_table(
        "sla_events",
        _text("event_id", primary_key=True),
        _text("brand"),
        _text("issue_id"),
        sa.Column("round", sa.BigInteger, nullable=False),
        *map(_text, ("clock", "kind", "level", "policy", "queue", "severity")),
        _instant("occurred_at"),
        _instant("deadline_at"),
        sa.Column("kept", sa.Boolean),
    )
    op.create_index("sla_events_by_time", "sla_events", ["brand", "occurred_at", "event_id"])


def _facts() -> None:
    op.create_table(
        "facts",
        _text("event_id", primary_key=True),
        _text("brand"),
        _text("kind"),
        _text("fact_id"),
        _instant("occurred_at"),
        sa.Column("figures", JSONB, nullable=False),
        sa.Column("attributes", JSONB, nullable=False),
    )
    op.create_index("facts_by_time", "facts", ["brand", "kind", "occurred_at"])
