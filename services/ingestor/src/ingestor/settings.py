"""Settings of the ingestor."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shenava.settings import PREFIX, Duration, Group


class IngestSettings(Group):
    """How much is taken in at once, and how long a caller waits for Kafka."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "INGEST_", extra="ignore", frozen=True)

    ack_timeout: Duration = Field(
        default=timedelta(seconds=5), gt=timedelta(), description="without Kafka's acknowledgement by then, 503"
    )
    body_timeout: Duration = Field(
        default=timedelta(seconds=30), gt=timedelta(), description="for a caller to send its body; then 408"
    )
    max_waiting: int = Field(default=20_000, ge=1, description="records not yet acknowledged; with more, 503 at once")
    max_waiting_bytes: int = Field(default=67_108_864, ge=1_000_000, description="the same in bytes")
    max_items: int = Field(default=1_000, ge=1, le=100_000, description="items of one request")
    rate: float = Field(default=10_000, gt=0, description="items a second for each API key; above it, 429")
    burst: int = Field(default=50_000, ge=1, description="items an API key may send at once after a pause")
