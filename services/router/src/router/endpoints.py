"""Who is told: the receivers of our webhooks, read once from ``config/endpoints.yaml``.

Secrets are never written there: each names an environment variable or a file that holds one. ``${NAME}`` and
``${NAME:-default}`` in a URL or a file's name are replaced from the environment.
"""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from router.notices import TYPES, Notice
from shenava.events.issues import Queue
from shenava.faults import faults, listed
from shenava.settings import InvalidSettings
from shenava.webhooks.guard import Forbidden, check_url
from shenava.webhooks.signing import MAX_SECRETS, InvalidSecret, Secret
from shenava.yaml_source import InvalidYaml, YamlSource, written

_PLACEHOLDER = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}")
_SECRET_SOURCES = ("secret_env", "secret_file")


def _filled(text: str, environment: Mapping[str, str]) -> str:
    """``text`` with its placeholders replaced."""

    def fill(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = environment.get(name) or default
        if found is None:
            raise ValueError(f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}")
        return found

    return _PLACEHOLDER.sub(fill, text)


def _url(value: Any, info: ValidationInfo) -> Any:
    return _filled(value, _environment(info)) if isinstance(value, str) else value


def _secret(value: Any, info: ValidationInfo) -> Secret:
    """The secret that ``{secret_env: NAME}`` or ``{secret_file: PATH}`` names; one made in code stands for itself."""
    if isinstance(value, Secret):
        return value
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in _SECRET_SOURCES:
        raise ValueError("write 'secret_env: NAME' or 'secret_file: PATH'; a secret does not stand in this file")
    ((source, given),) = value.items()
    environment = _environment(info)
    name = _filled(str(given), environment)
    try:
        return Secret.parse(environment[name] if source == "secret_env" else Path(name).read_text("utf-8"))
    except KeyError:
        raise ValueError(f"the environment variable {name} is not set") from None
    except OSError as error:
        raise ValueError(f"the file {name} cannot be read: {error.strerror}") from None
    except InvalidSecret as error:
        raise ValueError(f"{source} {name}: {error}") from None


def _environment(info: ValidationInfo) -> Mapping[str, str]:
    given: Mapping[str, str] = (info.context or {}).get("environment", os.environ)
    return given


def _known_type(value: str) -> str:
    if value not in TYPES:
        raise ValueError(f"no such type; known: {', '.join(TYPES)}")
    return value


class Endpoint(BaseModel):
    """One receiver.

    Attributes:
        types, queues, brands: what it is told; empty means everything.
        if_set: the endpoint exists only where this environment variable is set.
        allow_private: it is on our own network: private addresses, plain http and any port are allowed.
        timeout: for one attempt, from looking up the name to the status; shorter than a service may take to stop.
        concurrency: attempts under way here at once; a slow receiver takes no more than this of our work.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    url: Annotated[str, BeforeValidator(_url)]
    secrets: Annotated[
        tuple[Annotated[Secret, BeforeValidator(_secret)], ...], Field(min_length=1, max_length=MAX_SECRETS)
    ]
    types: frozenset[Annotated[str, AfterValidator(_known_type)]] = frozenset()
    queues: frozenset[Queue] = frozenset()
    brands: frozenset[str] = frozenset()
    enabled: bool = True
    if_set: str | None = None
    allow_private: bool = False
    timeout: timedelta = Field(default=timedelta(seconds=15), ge=timedelta(seconds=1), le=timedelta(seconds=20))
    concurrency: int = Field(default=4, ge=1, le=32)

    @model_validator(mode="after")
    def _may_be_called(self) -> "Endpoint":
        try:
            check_url(self.url, allow_private=self.allow_private)
        except Forbidden as error:
            raise ValueError(f"url: {error}") from None
        return self

    def wants(self, notice: Notice) -> bool:
        """Whether ``notice`` is for this endpoint."""
        return (
            self.enabled
            and (not self.types or notice.type in self.types)
            and (not self.queues or notice.queue in self.queues)
            and (not self.brands or notice.brand in self.brands)
        )


class Endpoints:
    """All receivers, by id."""

    def __init__(self, endpoints: tuple[Endpoint, ...] = ()) -> None:
        self._by_id = {endpoint.id: endpoint for endpoint in endpoints}

    @classmethod
    def load(cls, path: str | Path, environment: Mapping[str, str] = os.environ) -> "Endpoints":
        """The endpoints of a YAML file: a list, in which only ``id``, ``url`` and ``secrets`` must be given.

        An endpoint that is not ``enabled`` or not ``if_set`` is left out before its secrets are looked for.

        Raises:
            InvalidSettings: the file is missing or wrong; names each place and what it needs.
        """
        content = _content(path)
        try:
            found = _LIST.validate_python(_enabled(content, environment), context={"environment": environment})
        except ValidationError as error:
            lines = [f"{written(fault.place)}: {fault.message}" for fault in faults(error)]
            raise InvalidSettings(listed(f"endpoints in {path} need mending", lines)) from None
        repeated = {one.id for one in found if sum(one.id == other.id for other in found) > 1}
        if repeated:
            raise InvalidSettings(f"endpoints in {path}: the ids {sorted(repeated)} are given more than once")
        return cls(tuple(found))

    def matching(self, notice: Notice) -> tuple[Endpoint, ...]:
        """Those who are told of ``notice``."""
        return tuple(endpoint for endpoint in self if endpoint.wants(notice))

    def __getitem__(self, endpoint_id: str) -> Endpoint:
        """The endpoint of that id."""
        return self._by_id[endpoint_id]

    def __iter__(self) -> Iterator[Endpoint]:
        """All of them, in the order of the file."""
        return iter(self._by_id.values())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_id)


def _content(path: str | Path) -> Any:
    """What the file at ``path`` says; see :meth:`Endpoints.load`."""
    try:
        source = YamlSource.of(Path(path).read_bytes())
    except (OSError, InvalidYaml) as error:
        raise InvalidSettings(f"endpoints in {path}: {error}; SHENAVA_ROUTER_ENDPOINTS names the file") from error
    if source.repeated:
        lines = [f"line {line}: {written(place)} is given twice; keep one" for place, line in source.repeated]
        raise InvalidSettings(listed(f"endpoints in {path} need mending", lines))
    return source.data or []


def _enabled(listed: Any, environment: Mapping[str, str]) -> Any:
    if not isinstance(listed, list):
        return listed
    return [one for one in listed if not (isinstance(one, dict) and _is_off(one, environment))]


def _is_off(entry: dict[Any, Any], environment: Mapping[str, str]) -> bool:
    needed = entry.get("if_set")
    return entry.get("enabled") is False or (isinstance(needed, str) and not environment.get(needed))


_LIST = TypeAdapter(list[Endpoint])
