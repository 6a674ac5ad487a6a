"""The durable queue of webhooks, the ledger of their attempts, and the health of each endpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; nothing here looks at an older one."""
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("message_id", sa.Text, nullable=False, unique=True),
        sa.Column("endpoint_id", sa.Text, nullable=False),
        sa.Column("issue_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False, server_default=sa.func.now()),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("next_attempt_at", _INSTANT, nullable=False, server_default=sa.func.now()),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claims", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claimed_until", _INSTANT),
        sa.Column("ended_at", _INSTANT),
        sa.Column("last_status", sa.Integer),
        sa.Column("last_error", sa.Text),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'given_up')", name="deliveries_state"),
        sa.CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="deliveries_ended"),
    )
    pending = sa.text("state = 'pending'")
    claimable, held = sa.text("state = 'pending' AND NOT held"), sa.text("state = 'pending' AND held")
    op.create_index(
        "deliveries_due", "deliveries", ["endpoint_id", "next_attempt_at", "id"], postgresql_where=claimable
    )
    op.create_index("deliveries_held", "deliveries", ["created_at"], postgresql_where=held)
    op.create_index("deliveries_line", "deliveries", ["endpoint_id", "issue_id", "id"], postgresql_where=pending)
    op.create_index("deliveries_ended", "deliveries", ["ended_at"], postgresql_where=sa.text("state <> 'pending'"))
    op.create_index("deliveries_issue", "deliveries", ["issue_id", "id"])
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("claim", sa.Integer, primary_key=True),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("excerpt", sa.Text),
    )
    op.create_table(
        "endpoint_state",
        sa.Column("endpoint_id", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failing_since", _INSTANT),
        sa.Column("open_until", _INSTANT),
        sa.Column("disabled", sa.Text),
        sa.Column("changed_at", _INSTANT, nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    """Forget every delivery."""
    for table in ("endpoint_state", "delivery_attempts", "deliveries"):
        op.drop_table(table)
