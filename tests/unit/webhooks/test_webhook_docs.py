"""docs/webhooks.md says what is so: its code runs, its example is what we send, its tables are complete."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from router.endpoints import Endpoints
from router.notices import TYPES, lifecycle_notice, routed_notice
from router.webhook_commands import app as commands
from shenava.testing import builders as b
from shenava.webhooks.message import serialise
from shenava.webhooks.schedule import SCHEDULE
from shenava.webhooks.signing import ID, SIGNATURE, TIMESTAMP, Secret, sign

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text("utf-8")
SECRET = Secret(b"d" * 32)
ROUTED = routed_notice(b.issue_routed())
BODY = serialise(ROUTED.type, ROUTED.occurred_at, ROUTED.data)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


BY_HAND, BY_LIBRARY, RECEIVER = blocks("python")


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "docs/webhooks.md", "exec"), names)  # noqa: S102 - the page's own code is what is tested
    return names


def signed(message_id: str = "m-1", body: bytes = BODY, secret: Secret = SECRET, ago: int = 0) -> dict[str, str]:
    return sign(message_id, datetime.now(UTC) - timedelta(seconds=ago), body, [secret])


# Made when they are asked for: a signature is good for five minutes, and a whole run may take longer.
CASES: dict[str, Callable[[], tuple[dict[str, str], bytes, bool]]] = {
    "ours": lambda: (signed(), BODY, True),
    "a new secret and ours": lambda: (sign("m-1", datetime.now(UTC), BODY, [Secret(b"n" * 32), SECRET]), BODY, True),
    "another body": lambda: (signed(), BODY + b" ", False),
    "another secret": lambda: (signed(secret=Secret(b"x" * 32)), BODY, False),
    "an hour old": lambda: (signed(ago=3600), BODY, False),
    "no time": lambda: (signed() | {TIMESTAMP: "soon"}, BODY, False),
    "no signature": lambda: (signed() | {SIGNATURE: "v1"}, BODY, False),
    "nothing but an id": lambda: ({ID: "m-1"}, BODY, False),
}


@pytest.mark.parametrize("case", CASES)
def test_both_ways_to_verify_agree_with_us(case: str) -> None:
    headers, body, authentic = CASES[case]()
    assert run(BY_HAND)["is_authentic"](headers, body, str(SECRET)) is authentic
    message = run(BY_LIBRARY)["message_of"](headers, body, str(SECRET))
    assert (message is not None) is authentic


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHENAVA_WEBHOOK_SECRET", str(SECRET))
    names = run(BY_HAND + RECEIVER)
    yield names
    names["database"].close()


def tickets(receiver: dict[str, Any]) -> list[tuple[str, str]]:
    database: sqlite3.Connection = receiver["database"]
    return database.execute("SELECT * FROM tickets").fetchall()


async def test_the_whole_receiver_works_on_each_message_once(receiver: dict[str, Any]) -> None:
    transport = httpx.ASGITransport(receiver["app"], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
        works, receiver["work_on"] = receiver["work_on"], None
        # The work fails: nothing is marked as seen, so our next attempt finds the message new.
        assert (await client.post("/hooks/shenava", content=BODY, headers=signed())).status_code == 500
        receiver["work_on"] = works
        for headers in (signed(), signed(), signed("m-2")):
            assert (await client.post("/hooks/shenava", content=BODY, headers=headers)).status_code == 204
        assert (await client.post("/hooks/shenava", content=b"{}", headers=signed())).status_code == 401
    assert tickets(receiver) == [(ROUTED.issue_id, b.TEXTS["fa"])]


def test_the_example_is_what_we_send() -> None:
    (example,) = blocks("json")
    assert orjson.loads(example) == orjson.loads(BODY)


def test_the_headers_types_and_changes_are_all_listed() -> None:
    for header in (ID, TIMESTAMP, SIGNATURE):
        assert f"| `{header}` |" in PAGE
    assert set(re.findall(r"^\| `((?:issue|sla)\.\w+)` \|", PAGE, re.MULTILINE)) == set(TYPES)
    for event in b.one_of_each():
        notice = lifecycle_notice(event) if hasattr(event, "sequence") else None  # type: ignore[arg-type] # issues only
        if notice is not None and notice.type == "issue.updated":
            assert f"`{notice.data['change']['what']}`" in PAGE


def test_the_schedule_is_the_one_in_force() -> None:
    def written(wait: timedelta) -> str:
        seconds = int(wait.total_seconds())
        unit, name = (3600, "h") if seconds >= 3600 else (60, "min") if seconds >= 60 else (1, "s")
        return f"{seconds // unit} {name}"

    assert ", ".join(map(written, SCHEDULE)) in PAGE


def test_the_endpoints_example_loads(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(str(SECRET))
    (tmp_path / "endpoints.yaml").write_text(
        blocks("yaml")[0].replace("/run/secrets/care-webhook", str(tmp_path / "secret"))
    )
    (endpoint,) = Endpoints.load(tmp_path / "endpoints.yaml", {})
    assert endpoint.wants(ROUTED)


def test_every_command_is_shown_and_every_shown_command_exists() -> None:
    shown = set(re.findall(r"^router webhooks (\w+)", PAGE, re.MULTILINE))
    assert shown == {command.name for command in commands.registered_commands}
