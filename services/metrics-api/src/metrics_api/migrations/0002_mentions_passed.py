"""What the router passed, by the event of the mention that was passed.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "mentions_passed",
        sa.Column("cause_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("mention_id", "brand", "rule_id", "rulebook_version")),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop it; `rebuild` from the topics brings it back."""
    op.drop_table("mentions_passed")
