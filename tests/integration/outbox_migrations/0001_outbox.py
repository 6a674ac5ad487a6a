"""What every service with an outbox begins with, and a table for its tests."""

import sqlalchemy as sa
from alembic import op

from shenava import inbox, outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    outbox.create_table()
    inbox.create_table()
    op.create_table("story", sa.Column("key", sa.Text, primary_key=True), sa.Column("turn", sa.Integer, nullable=False))
