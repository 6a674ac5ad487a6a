"""Alembic's environment for every service: runs on the connection that the runner gives, in the service's schema."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=context.config.attributes["schema"],
)
with context.begin_transaction():
    context.run_migrations()
