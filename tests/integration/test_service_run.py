"""A service as a process: how it starts, answers its probes, drains and ends, and with which exit code."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx
import pytest

from shenava.dev.processes import free_port
from shenava.service import Exit
from shenava.testing.waiting import until

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from fastapi import FastAPI
from shenava.errors import Fatal
from shenava.service import Service, run
from shenava.settings import KafkaSettings, PostgresSettings, read

def say(what):
    print(what, flush=True)

async def patient(stop):
    await stop.wait()
    say("drained")

async def stubborn(stop):
    try:
        await asyncio.Event().wait()
    finally:
        say("cancelled")

async def failing(stop):
    await asyncio.sleep(0.2)
    raise Fatal("the disk is full")

async def buggy(stop):
    await asyncio.sleep(0.2)
    1 / 0

async def ending(stop):
    await asyncio.sleep(0.2)

@asynccontextmanager
async def wire():
    say("wiring")
    if "slow-start" in sys.argv:
        await asyncio.Event().wait()
    if "bad-settings" in sys.argv:
        read(PostgresSettings)
    if "no-database" in sys.argv:
        raise Fatal("no database")
    app = FastAPI()
    at_work = asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        say("asked")
        await asyncio.sleep(1)
        return "done"

    service = Service(app=app)
    for task in (patient, stubborn, failing, buggy, ending):
        if task.__name__ in sys.argv:
            service.tasks[task.__name__] = task
    async def picky():
        return "not today" if "unready" in sys.argv else None
    service.health.add("picky", picky)
    yield service
    say("closed")

sys.exit(run("sample", wire))
"""


class Sample:
    """A sample service that was started."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    async def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return (await self.get("/livez")).status_code == HTTPStatus.OK
        except httpx.TransportError:
            return False

    async def get(self, path: str) -> httpx.Response:
        """Ask it."""
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
            return await client.get(path)

    async def wait(self) -> tuple[int, str]:
        """Its exit code and all it has written."""
        output, _ = await asyncio.to_thread(self.process.communicate, timeout=40)
        return self.process.returncode, output


@contextmanager
def started(*how: str, port: int = 0, **environment: str) -> Iterator[Sample]:
    """The sample service with the tasks and troubles named in ``how``, on ``port`` or on a free one."""
    port = port or free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHENAVA_")}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *how],
        env={**clean, "SHENAVA_HTTP_PORT": str(port), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Sample(process, port)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def test_a_service_answers_its_probes_and_its_own_routes() -> None:
    with started("patient") as sample:
        await until(sample.is_up)
        answers = {path: await sample.get(path) for path in ("/startupz", "/livez", "/readyz", "/metrics", "/nowhere")}

    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/startupz": 200, "/livez": 200, "/readyz": 200, "/metrics": 200, "/nowhere": 404,
    }  # fmt: skip
    assert 'shenava_build_info{service="sample"' in answers["/metrics"].text
    assert answers["/nowhere"].headers["content-type"] == "application/problem+json"


async def test_a_service_that_is_not_ready_says_why_and_stays_alive() -> None:
    with started("patient", "unready") as sample:
        await until(sample.is_up)
        ready, alive = await sample.get("/readyz"), await sample.get("/livez")

    assert (ready.status_code, ready.json()["problems"]) == (503, {"picky": "not today"})
    assert alive.status_code == HTTPStatus.OK


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_every_task_finish_and_ends_with_zero(number: signal.Signals) -> None:
    with started("patient") as sample:
        await until(sample.is_up)
        sample.process.send_signal(number)
        code, output = await sample.wait()

    assert code == Exit.CLEAN
    assert output.index("drained") < output.index("closed")
    assert "service_stopped" in output


async def test_a_request_in_flight_is_answered_before_the_service_ends() -> None:
    with started("patient") as sample:
        await until(sample.is_up)
        asking = asyncio.create_task(sample.get("/slow"))
        assert sample.process.stdout is not None
        while "asked" not in await asyncio.to_thread(sample.process.stdout.readline):
            pass
        sample.process.send_signal(signal.SIGTERM)
        answer = await asking
        code, _ = await sample.wait()

    assert (answer.json(), code) == ("done", Exit.CLEAN)


async def test_a_signal_while_the_service_still_waits_for_what_it_needs_ends_it_at_once() -> None:
    with started("slow-start") as sample:
        assert sample.process.stdout is not None
        while "wiring" not in await asyncio.to_thread(sample.process.stdout.readline):
            pass
        sample.process.send_signal(signal.SIGTERM)
        code, output = await sample.wait()

    assert code == Exit.CLEAN
    assert "service_stopped" in output


@pytest.mark.parametrize(("task", "told"), [("failing", "the disk is full"), ("buggy", "ZeroDivisionError")])
async def test_a_task_that_fails_ends_the_process_with_one_and_says_why(task: str, told: str) -> None:
    with started(task, "patient", "stubborn") as sample:
        code, output = await sample.wait()

    assert code == Exit.FAILED
    assert told in output
    assert ("Traceback" in output) == (task == "buggy")
    assert output.index("cancelled") < output.index("closed") if "closed" in output else "cancelled" in output


async def test_a_task_that_ends_by_itself_drains_the_others() -> None:
    with started("ending", "patient") as sample:
        code, output = await sample.wait()

    assert code == Exit.CLEAN
    assert "drained" in output


async def test_a_task_that_does_not_drain_is_cancelled_and_the_exit_code_says_so() -> None:
    with started("stubborn", "patient", SHENAVA_DRAIN_TIMEOUT="PT0.5S") as sample:
        await until(sample.is_up)
        sample.process.send_signal(signal.SIGTERM)
        code, output = await sample.wait()

    assert code == Exit.DRAIN_TIMED_OUT
    assert output.index("task_not_drained") < output.index("cancelled") < output.index("closed")


async def test_a_second_signal_ends_the_process_at_once() -> None:
    with started("stubborn") as sample:
        await until(sample.is_up)
        sample.process.send_signal(signal.SIGTERM)
        assert sample.process.stdout is not None
        while "service_draining" not in await asyncio.to_thread(sample.process.stdout.readline):
            pass
        sample.process.send_signal(signal.SIGTERM)
        code, _ = await sample.wait()

    assert code == -signal.SIGTERM


@pytest.mark.parametrize(
    ("how", "environment", "named"),
    [
        ([], {"SHENAVA_HTTP_PORT": "eighty"}, "SHENAVA_HTTP_PORT"),
        ([], {"SHENAVA_LOG_LEVEL": "LOUD"}, "SHENAVA_LOG_LEVEL"),
        (["bad-settings"], {}, "SHENAVA_POSTGRES_DSN"),
    ],
)
async def test_settings_that_need_mending_are_named_and_end_with_two(
    how: list[str], environment: dict[str, str], named: str
) -> None:
    with started(*how, **environment) as sample:  # type: ignore[arg-type]  # no variable is called port
        code, output = await sample.wait()

    assert code == Exit.BAD_SETTINGS
    assert named in output
    assert "Traceback" not in output


async def test_what_cannot_be_wired_ends_with_one_and_says_why() -> None:
    with started("no-database") as sample:
        code, output = await sample.wait()

    assert code == Exit.FAILED
    assert "no database" in output


async def test_a_port_that_is_taken_is_told_with_the_variable_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, started("patient", port=taken.getsockname()[1]) as sample:
        code, output = await sample.wait()

    assert code == Exit.FAILED
    assert "SHENAVA_HTTP_PORT" in output
