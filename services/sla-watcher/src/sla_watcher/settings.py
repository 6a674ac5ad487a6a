"""Settings of the sla-watcher."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shenava.faults import listed
from shenava.settings import PREFIX, Duration, Group, InvalidSettings
from sla_watcher.policy import InvalidPolicy, SlaPolicies, parse


class SlaSettings(Group):
    """Which promises are watched."""

    model_config = SettingsConfigDict(env_prefix=PREFIX + "SLA_", extra="ignore", frozen=True)

    policy: Path = Field(default=Path("config/sla.yaml"), description="the policy file")
    clock_speed: float = Field(
        default=1.0, ge=1, le=1e6, description="only to develop and to show: the policy's durations are divided by it"
    )
    catch_up: Duration = Field(
        default=timedelta(seconds=60), description="longest wait at start for the issues' events to be read"
    )


def load(path: Path, *, speed: float = 1.0) -> SlaPolicies:
    """The policies of a file.

    Raises:
        InvalidSettings: it cannot be read, or is wrong; every line says where and how to mend it.
    """
    try:
        return parse(path.read_text("utf-8"), speed=speed)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path}: {error}; SHENAVA_SLA_POLICY names the policy file") from error
    except InvalidPolicy as error:
        raise InvalidSettings(listed(f"{path} needs mending", str(error).splitlines())) from error
