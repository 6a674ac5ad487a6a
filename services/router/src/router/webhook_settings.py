"""Settings of the webhooks; who receives them stands in ``config/endpoints.yaml``."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shenava.settings import PREFIX, Authorities, Duration, Group


class WebhookSettings(Group):
    """How deliveries are leased, kept and secured."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "WEBHOOK_", extra="ignore", frozen=True)

    lease_margin: Duration = Field(
        default=timedelta(seconds=30),
        ge=timedelta(seconds=1),
        description="beyond an endpoint's timeout; after that a dead dispatcher's deliveries are claimed again",
    )
    retention: Duration = Field(
        default=timedelta(days=35),
        description="how long ended deliveries can be replayed; longer than the topics keep their events",
    )
    ca_file: Authorities | None = Field(default=None, description="PEM of authorities to trust beside the well-known")
