"""Settings of the router; webhooks have theirs in ``webhook_settings``."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shenava.settings import PREFIX, Duration, Group


class RouterSettings(Group):
    """What the router decides by."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "ROUTER_", extra="ignore", frozen=True)

    rulebook: Path = Field(description="YAML: queues, owners, rules; read again when it changes")
    endpoints: Path | None = Field(default=None, description="YAML list of webhook receivers; empty: there are none")
    merge_window: Duration = Field(
        default=timedelta(hours=24),
        gt=timedelta(0),
        description="an open issue takes more mentions for this long after its latest one",
    )
    idempotency_ttl: Duration = Field(
        default=timedelta(hours=24), gt=timedelta(0), description="how long an Idempotency-Key is remembered"
    )
    rulebook_check: Duration = Field(
        default=timedelta(seconds=5), gt=timedelta(0), description="between two looks at the rulebook's file"
    )
