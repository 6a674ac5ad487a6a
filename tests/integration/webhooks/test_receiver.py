"""The bundled receiver: verifies, drops repeats, counts, and fails when told to."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest

from shenava.testing.receiver import Receiver, Reply, script, serving
from shenava.testing.waiting import until
from shenava.webhooks.message import serialise
from shenava.webhooks.signing import Secret, sign

SECRET, OTHER = Secret(b"s" * 32), Secret(b"o" * 32)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as made:
        yield made


async def send(
    client: httpx.AsyncClient, url: str, message_id: str, *, kind: str = "issue.routed", secret: Secret = SECRET
) -> httpx.Response:
    now = datetime.now(UTC)
    body = serialise(kind, now, {"issue": {"id": "i-1"}, "متن": "سلام"})
    return await client.post(url + "hook", content=body, headers=sign(message_id, now, body, [secret]))


async def summary(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answered: dict[str, Any] = (await client.get(url + "received")).json()
    return answered


async def test_each_message_counts_once_however_often_it_comes(client: httpx.AsyncClient) -> None:
    async with serving(Receiver([SECRET])) as url:
        for message_id in ("a", "b", "a", "a"):
            assert (await send(client, url, message_id)).status_code == 204
        await send(client, url, "c", kind="sla.warning")
        assert await summary(client, url) == {
            "verified": 5, "repeated": 2, "refused": 0, "failed": 0,
            "types": {"issue.routed": 2, "sla.warning": 1}, "issues": {"i-1": 2},
        }  # fmt: skip
        messages = (await client.get(url + "received/messages")).json()
        assert [message["id"] for message in messages] == ["a", "b", "c"]
        assert messages[0] == {"id": "a", "type": "issue.routed", "issue_id": "i-1"}


async def test_a_receiver_with_a_journal_knows_after_a_restart_what_it_took_before(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    async with serving(Receiver([SECRET], journal=journal)) as url:
        await send(client, url, "a")
    async with serving(Receiver([SECRET], journal=journal)) as url:
        await send(client, url, "a")
        await send(client, url, "b")
        assert (await summary(client, url))["issues"] == {"i-1": 2}
        assert [message["id"] for message in (await client.get(url + "received/messages")).json()] == ["a", "b"]


async def test_a_message_signed_by_nobody_we_know_is_refused(client: httpx.AsyncClient) -> None:
    async with serving(Receiver([SECRET])) as url:
        refused = await send(client, url, "a", secret=OTHER)
        assert (refused.status_code, refused.text) == (401, "no_matching_signature")
        assert (await client.post(url, content=b"{}")).status_code == 401
        counts = {"verified": 0, "repeated": 0, "refused": 2, "failed": 0}
        assert await summary(client, url) == {**counts, "types": {}, "issues": {}}


async def test_a_scripted_failure_takes_nothing_and_a_reset_takes_the_message(client: httpx.AsyncClient) -> None:
    replies = script(Reply(503, {"retry-after": "7"}), Reply(wait=0.01), Reply(reset=True))
    async with serving(Receiver([SECRET], replies)) as url:
        failed = await send(client, url, "a")
        assert (failed.status_code, failed.headers["retry-after"]) == (503, "7")
        assert (await send(client, url, "a")).status_code == 204
        with pytest.raises(httpx.RemoteProtocolError):
            await send(client, url, "b")
        assert (await send(client, url, "b")).status_code == 204
        counts = {"verified": 4, "repeated": 1, "refused": 0, "failed": 1}
        assert await summary(client, url) == {**counts, "types": {"issue.routed": 2}, "issues": {"i-1": 2}}


async def test_it_runs_as_a_program_with_two_secrets(client: httpx.AsyncClient, tmp_path: Path) -> None:
    for name, secret in (("new", SECRET), ("old", OTHER)):
        (tmp_path / name).write_text(str(secret) + "\n")
    with create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    files = ["--secret-file", str(tmp_path / "new"), "--secret-file", str(tmp_path / "old")]
    command = [sys.executable, "-m", "shenava.testing.receiver", "--port", str(port), *files, "--script", "500,slow:0"]
    process = await asyncio.create_subprocess_exec(*command)
    url = f"http://127.0.0.1:{port}/"

    async def serves() -> bool:
        try:
            return (await client.get(url + "received")).is_success
        except httpx.TransportError:
            return False

    try:
        await until(serves)
        statuses = [(await send(client, url, "a", secret=secret)).status_code for secret in (OTHER, SECRET, OTHER)]
        assert statuses == [500, 204, 204]
        assert (await summary(client, url))["repeated"] == 1
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--secret-file", "{secret}", "--script", "sometimes"], "write a status"),
        (["--secret-file", "{broken}"], "begins with"),
    ],
)
def test_a_wrong_start_is_told_in_words(tmp_path: Path, arguments: list[str], told: str) -> None:
    (tmp_path / "secret").write_text(str(SECRET))
    (tmp_path / "broken").write_text("hunter2")
    paths = {name: str(tmp_path / name) for name in ("secret", "broken")}
    command = [sys.executable, "-m", "shenava.testing.receiver", *(one.format(**paths) for one in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert told in done.stderr
    assert "hunter2" not in done.stderr
