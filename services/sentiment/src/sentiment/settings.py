"""Settings of the sentiment service."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shenava.settings import PREFIX, Group


class SentimentSettings(Group):
    """Which model speaks, and when it keeps silent."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "SENTIMENT_", extra="ignore", frozen=True)

    model: str | None = Field(default=None, description="directory or Hugging Face id; empty: the bundled model")
    threads: int = Field(default=1, ge=1, le=64, description="threads of the model inside one process")
    temperature: float | None = Field(default=None, gt=0, description="instead of the model's own calibration")
    label_map: dict[str, str] = Field(default_factory=dict, description='JSON, e.g. {"LABEL_0": "negative"}')
    max_tokens: int = Field(default=128, ge=8, le=512, description="a longer text is cut")
    languages: frozenset[str] = Field(default=frozenset({"fa", "en"}), description="JSON list; others are unscored")
    watchlist: Path | None = Field(default=None, description="YAML: what is looked for by name; empty: nothing is")
    low_confidence: float = Field(default=0.5, ge=0, le=1, description="below it a score is marked as unsure")
    low_confidences: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description='JSON, e.g. {"fa": 0.55}: instead of low_confidence for that language'
    )
    remember: int = Field(default=10_000, ge=0, le=1_000_000, description="texts whose score is remembered; 3 KB each")
    shadow_model: str | None = Field(default=None, description="a second model, compared on live mentions, no effect")
    shadow_label_map: dict[str, str] = Field(default_factory=dict, description="as label_map, of the second model")
    shadow_share: float = Field(default=1.0, gt=0, le=1, description="of the texts, asked of the second model too")

    def with_model(self, model: str, label_map: dict[str, str]) -> Self:
        """These settings with another model, which keeps its own calibration: the temperature given is the first's."""
        return self.model_copy(update={"model": model, "label_map": label_map, "temperature": None})
