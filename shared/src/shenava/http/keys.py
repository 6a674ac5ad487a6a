"""API keys with scopes: kept hashed, named in what they do."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shenava.faults import faults
from shenava.http.problems import Problem
from shenava.settings import InvalidSettings

PREFIX = "shn_"


class ApiKey(BaseModel):
    """One key: who holds it, what it may do, and the SHA-256 of the secret, never the secret.

    Attributes:
        brands: the only brands it may speak for; without them, any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=128)
    scopes: frozenset[str] = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    brands: frozenset[str] | None = Field(default=None, min_length=1)


def digest(key: str) -> str:
    """What is stored of a key. The keys are random and long, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> str:
    """A fresh secret of 256 bits."""
    return PREFIX + secrets.token_urlsafe(32)


class ApiKeys:
    """The keys a service accepts. With none configured, every request is refused."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        # Looked up by hash: a caller cannot steer the SHA-256 of a guess, so how long the look takes tells nothing.
        self._by_hash: dict[str, ApiKey] = {}
        for key in keys:
            self._by_hash.setdefault(key.sha256, key)

    @classmethod
    def load(cls, path: str | None) -> "ApiKeys":
        """The keys of a YAML file with a list of name, scopes and sha256.

        Raises:
            InvalidSettings: the file is missing or wrong; says where.
        """
        if path is None:
            return cls(())
        try:
            listed = yaml.safe_load(Path(path).read_text("utf-8"))
            return cls(TypeAdapter(list[ApiKey]).validate_python(listed))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSettings(f"API keys in {path}: {error}; SHENAVA_API_KEYS_FILE names the file") from error
        except (yaml.YAMLError, ValidationError) as error:
            # Their own words quote the file, and with it a secret that stands where its hash should.
            raise InvalidSettings(f"API keys in {path}: {_place(error)}") from None

    def authorize(self, request: Request, scope: str) -> str:
        """The name of the key that ``request`` carries; raises as :meth:`identify`."""
        return self.identify(request, scope).name

    def identify(self, request: Request, scope: str) -> ApiKey:
        """The key that ``request`` carries; raises as :meth:`holder`."""
        return self.holder(request.headers, scope)

    def holder(self, headers: Mapping[str, str], scope: str) -> ApiKey:
        """The key that ``headers`` (names in lower case) carry as a bearer token or in ``X-API-Key``.

        Raises:
            Problem: 401 without a known key, 403 when it lacks ``scope``.
        """
        given = _presented(headers)
        if given is None:
            raise Problem(
                401,
                "API key needed",
                "send it as 'Authorization: Bearer <key>' or 'X-API-Key: <key>'",
                headers={"WWW-Authenticate": "Bearer"},
            )
        key = self._by_hash.get(digest(given))
        if key is None:
            raise Problem(401, "API key unknown", "no such key is configured", headers={"WWW-Authenticate": "Bearer"})
        if scope not in key.scopes:
            raise Problem(403, "Scope missing", f"key {key.name!r} does not have the scope {scope!r}")
        return key


def _presented(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and (bare := token.strip()):
        return bare
    return headers.get("x-api-key")


def _place(error: yaml.YAMLError | ValidationError) -> str:
    """Where the file is wrong, without a word of what stands there."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each.place)) or 'the whole'}: {each.message}" for each in faults(error))
    mark = getattr(error, "problem_mark", None)
    return "it is not YAML" if mark is None else f"it is not YAML at line {mark.line + 1}, column {mark.column + 1}"
