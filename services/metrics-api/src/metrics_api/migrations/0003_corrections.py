"""Corrections, what the model said beside the labels that count, and the counts by whether a label was corrected.

Members of the version before cannot write to these tables: stop them first. What comes in meanwhile waits in Kafka.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_KEY = ("brand", "bucket", "channel", "language", "outcome", "intent", "role", "model")
_ROLLUPS = {"mention_hours": "hour", "mention_days": "day"}


def upgrade() -> None:
    """Create the table and the columns; of mentions heard before, the labels are the model's."""
    _corrections()
    _mentions()
    for table in _ROLLUPS:
        op.add_column(table, sa.Column("corrected", sa.Boolean, nullable=False, server_default=sa.false()))
        op.alter_column(table, "corrected", server_default=None)
        op.drop_constraint(f"{table}_pkey", table)
        op.create_primary_key(f"{table}_pkey", table, [*_KEY, "corrected"])


def downgrade() -> None:
    """Back to the model's labels, and to counts by them."""
    op.execute("UPDATE mentions SET language = model_language, outcome = model_outcome, intent = model_intent")
    for table, bucket in _ROLLUPS.items():
        op.execute(f"TRUNCATE {table}")
        op.drop_constraint(f"{table}_pkey", table)
        op.drop_column(table, "corrected")
        op.create_primary_key(f"{table}_pkey", table, list(_KEY))
        told = ", ".join(("brand", f"date_trunc('{bucket}', posted_at)", *_KEY[2:]))
        op.execute(
            f"INSERT INTO {table} ({', '.join(_KEY)}, mentions) SELECT {told}, count(*) FROM mentions"  # noqa: S608 - own names
            " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
        )
    for column in (
        "reworded_at", "model_language", "model_outcome", "model_intent", "language_by", "outcome_by", "intent_by",
        "corrected_at", "corrected",
    ):  # fmt: skip
        op.drop_column("mentions", column)
    op.drop_table("mention_corrections")


def _corrections() -> None:
    op.create_table(
        "mention_corrections",
        sa.Column("event_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("mention_id", "brand", "corrected_by")),
        *(sa.Column(name, sa.Text) for name in ("sentiment", "intent", "language")),
        sa.Column("occurred_at", _INSTANT, nullable=False),
    )
    op.create_index("mention_corrections_by_mention", "mention_corrections", ["mention_id"])


def _mentions() -> None:
    for name in ("model_language", "model_outcome", "model_intent", "language_by", "outcome_by", "intent_by"):
        op.add_column("mentions", sa.Column(name, sa.Text))
    for name in ("reworded_at", "corrected_at"):
        op.add_column("mentions", sa.Column(name, _INSTANT))
    op.add_column("mentions", sa.Column("corrected", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("mentions", "corrected", server_default=None)
    op.execute(
        "UPDATE mentions SET model_language = language, model_outcome = outcome, model_intent = intent,"
        " reworded_at = CASE WHEN change <> 'posted' THEN occurred_at END"
    )
    for name in ("model_language", "model_outcome", "model_intent"):
        op.alter_column("mentions", name, nullable=False)
    op.create_index(
        "mentions_corrected", "mentions", ["corrected_at"], postgresql_where=sa.text("corrected_at IS NOT NULL")
    )
