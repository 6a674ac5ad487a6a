"""API keys: kept hashed, refused by default, bound to scopes, and never shown."""

import traceback
from pathlib import Path

import pytest
import yaml
from starlette.requests import Request

from shenava.http.keys import ApiKey, ApiKeys, digest, new_key
from shenava.http.problems import Problem
from shenava.settings import InvalidSettings

SECRET = new_key()
KEYS = ApiKeys(
    [
        ApiKey(name="helpdesk", scopes=frozenset({"issues:write"}), sha256=digest(SECRET)),
        ApiKey(
            name="نیلگون", scopes=frozenset({"mentions:write"}), sha256=digest("other"), brands=frozenset({"nilgoon"})
        ),
    ]
)


def _request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": f"bearer   {SECRET}  "},
        {"x_api_key": SECRET},
        {"authorization": "Basic eDp5", "x_api_key": SECRET},
    ],
    ids=["bearer", "lower case and spaces", "x-api-key", "beside another scheme"],
)
def test_a_key_is_taken_as_bearer_token_or_in_its_own_header(headers: dict[str, str]) -> None:
    assert KEYS.authorize(_request(**headers), "issues:write") == "helpdesk"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": SECRET},
        {"authorization": "Bearer unknown"},
        {"authorization": f"Bearer {digest(SECRET)}"},
        {"x_api_key": ""},
        {"x_api_key": "ناشناس"},
    ],
    ids=["none", "no token", "empty token", "no scheme", "unknown", "the hash itself", "empty", "persian"],
)
def test_without_a_known_key_a_request_is_refused_and_told_how_to_send_one(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as told:
        KEYS.authorize(_request(**headers), "issues:write")

    assert (told.value.status, told.value.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_known_key_without_the_scope_is_forbidden_by_name() -> None:
    with pytest.raises(Problem, match=r"'helpdesk'.*'mentions:write'") as told:
        KEYS.authorize(_request(x_api_key=SECRET), "mentions:write")

    assert told.value.status == 403


def test_where_no_keys_are_configured_everybody_is_refused() -> None:
    with pytest.raises(Problem):
        ApiKeys.load(None).authorize(_request(x_api_key=SECRET), "issues:write")


def test_keys_are_read_from_a_file_as_the_command_prints_them(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(yaml.safe_dump([{"name": "helpdesk", "scopes": ["issues:write"], "sha256": digest(SECRET)}]))

    assert ApiKeys.load(str(path)).identify(_request(x_api_key=SECRET), "issues:write").brands is None


@pytest.mark.parametrize(
    "content",
    [
        b"- name: helpdesk\n  scopes: [issues:write]\n  sha256: " + SECRET.encode(),
        b"- name: helpdesk\n  scopes: []\n  sha256: " + b"0" * 64,
        b"- name: helpdesk\n  scopes: [a]\n  sha256: " + b"0" * 64 + b"\n  secret: " + SECRET.encode(),
        b"helpdesk: " + SECRET.encode(),
        b"[",
        b"\xff",
    ],
    ids=["the secret for its hash", "no scopes", "an unknown field", "no list", "no YAML", "not UTF-8"],
)
def test_a_file_that_is_wrong_is_named_and_never_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidSettings, match=r"keys\.yaml") as told:
        ApiKeys.load(str(path))

    assert SECRET not in str(told.value)
    assert SECRET not in "".join(traceback.format_exception(told.value))


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidSettings, match="/nowhere/keys"):
        ApiKeys.load("/nowhere/keys.yaml")


def test_keys_are_long_random_and_marked() -> None:
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(key.startswith("shn_") and len(key) >= 47 for key in keys)
