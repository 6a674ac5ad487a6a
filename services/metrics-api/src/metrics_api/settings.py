"""Settings of the metrics service."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shenava.settings import PREFIX, Duration, Group


class MetricsSettings(Group):
    """Which headline numbers Prometheus is shown."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "METRICS_", extra="ignore", frozen=True)

    headline_every: Duration = Field(
        default=timedelta(seconds=10),
        gt=timedelta(),
        description="between two refreshes of the headline gauges; more where one takes long",
    )
    headline_days: int = Field(default=30, ge=1, le=365, description="days they look back, today included")
    headline_brands: int = Field(default=20, ge=0, le=1000, description="brands that get gauges, the busiest first")
