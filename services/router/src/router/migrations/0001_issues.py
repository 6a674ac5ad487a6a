"""Mentions as they were decided, issues with their keys, mentions and history, the outbox, and idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shenava import outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables of an empty schema."""
    _mentions()
    _issues()
    _around_issues()
    op.create_table(
        "idempotency_keys",
        sa.Column("client", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("body", sa.LargeBinary),
        sa.Column("created_at", _INSTANT, nullable=False, server_default=sa.func.now(), index=True),
    )
    outbox.create_table()


def downgrade() -> None:
    """Forget everything."""
    for table in ("outbox", "idempotency_keys", "issue_history", "issue_mentions", "issue_keys", "issues", "mentions"):
        op.drop_table(table)


def _mentions() -> None:
    # One row an event; its primary key is the inbox.
    op.create_table(
        "mentions",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("mention_id", sa.Text, nullable=False, index=True),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("needs_person", sa.Boolean, nullable=False),
        sa.Column("decision", JSONB, nullable=False),
        sa.Column("mention", JSONB, nullable=False),
        sa.Column("classification", JSONB, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False, server_default=sa.func.now()),
    )


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("pinned", sa.Boolean, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("decision", JSONB, nullable=False),
        sa.Column("subscribers", JSONB, nullable=False),
        sa.Column("mention_id", sa.Text, nullable=False),
        sa.Column("mention_count", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("conversation", sa.Text, nullable=False),
        sa.Column("author_id", sa.Text, nullable=False),
        sa.Column("intent", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("starts_clocks", sa.Boolean, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("complaint_at", _INSTANT, nullable=False),
        sa.Column("last_mention_at", _INSTANT, nullable=False),
        sa.Column("acknowledged_at", _INSTANT),
        sa.Column("moved_private_to", sa.Text),
        sa.Column("resolved_at", _INSTANT),
        sa.Column("resolution", sa.Text),
    )
    newest_first = [sa.text("opened_at DESC"), sa.text("id DESC")]
    op.create_index("issues_page", "issues", newest_first)
    op.create_index("issues_queue_page", "issues", ["queue", "state", *newest_first])


def _around_issues() -> None:
    # A key is locked before it leads anywhere, so issue_id is empty for as long as its first transaction runs.
    op.create_table(
        "issue_keys",
        sa.Column("brand", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("issue_id", sa.Text),
    )
    op.create_table(
        "issue_mentions",
        sa.Column("mention_id", sa.Text, primary_key=True),
        sa.Column("issue_id", sa.Text, nullable=False, index=True),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "issue_history",
        sa.Column("issue_id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("event", JSONB, nullable=False),
    )
