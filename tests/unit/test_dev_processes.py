"""Child processes: started, watched, stopped in order, never left behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from shenava.dev.guardian import guarded_at_end
from shenava.dev.processes import SERVER_PORTS, ProcessExit, Supervisor, free_port

WAITS = "import signal; print('ready', flush=True); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


def _python(script: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", script, *arguments]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    async with Supervisor(tmp_path) as ours:
        yield ours


async def _start_ready(supervisor: Supervisor, name: str, script: str = WAITS) -> None:
    await supervisor.start(name, _python(script))
    await _until(lambda: "ready" in supervisor.last_lines(name))


async def test_an_end_nobody_asked_for_is_told_once_with_code_and_last_lines(supervisor: Supervisor) -> None:
    await supervisor.start("router", _python("print('گزارش'); print('no database'); raise SystemExit(3)"))
    await supervisor.start("sentiment", _python("import os; os.kill(os.getpid(), 9)"))
    told = [await supervisor.wait_for_exit(), await supervisor.wait_for_exit()]
    assert ProcessExit("router", 3, "گزارش\nno database") in told
    assert ProcessExit("sentiment", -signal.SIGKILL, "") in told
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(supervisor.wait_for_exit(), 0.1)


async def test_an_end_that_was_asked_for_is_not_told(supervisor: Supervisor) -> None:
    await _start_ready(supervisor, "stopped")
    await _start_ready(supervisor, "killed")
    await supervisor.stop("stopped")
    await supervisor.kill("killed")
    assert supervisor.exit_code("stopped") == -signal.SIGTERM
    assert supervisor.exit_code("killed") == -signal.SIGKILL
    await supervisor.start("failing", _python("raise SystemExit(1)"))
    assert (await supervisor.wait_for_exit()).name == "failing"


async def test_a_process_that_does_not_stop_is_killed_after_its_grace(supervisor: Supervisor) -> None:
    await _start_ready(supervisor, "deaf", DEAF)
    await supervisor.stop("deaf", grace=timedelta(milliseconds=200))
    assert supervisor.exit_code("deaf") == -signal.SIGKILL


async def test_a_restarted_process_is_a_new_one_with_the_same_command_and_log(supervisor: Supervisor) -> None:
    await supervisor.start("watcher", _python(f"import os; print(os.environ['BRAND']); {WAITS}"), {"BRAND": "نیلگون"})
    await _until(lambda: "ready" in supervisor.last_lines("watcher"))
    first = supervisor.pid("watcher")
    await supervisor.restart("watcher")
    await _until(lambda: supervisor.last_lines("watcher").count("ready") == 2)
    assert supervisor.pid("watcher") != first
    assert supervisor.last_lines("watcher").splitlines() == ["نیلگون", "ready"] * 2
    assert supervisor.exit_code("watcher") is None


async def test_a_process_that_ended_is_watched_again_after_its_restart(supervisor: Supervisor) -> None:
    await supervisor.start("failing", _python("raise SystemExit(1)"))
    await supervisor.wait_for_exit()
    await supervisor.restart("failing")
    assert (await supervisor.wait_for_exit()).code == 1


async def test_all_are_stopped_the_last_started_first(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = (
        "import signal, sys\n"
        "def end(*_):\n"
        f"    open({str(order)!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    raise SystemExit\n"
        f"signal.signal(signal.SIGTERM, end)\n{WAITS}"
    )
    for name in ("kafka", "router", "metrics-api"):
        await supervisor.start(name, _python(script, name))
        await _until(lambda name=name: "ready" in supervisor.last_lines(name))  # type: ignore[misc]  # bound early
    assert supervisor.running() == ["kafka", "router", "metrics-api"]
    await supervisor.stop_all()
    assert order.read_text().split() == ["metrics-api", "router", "kafka"]
    assert supervisor.running() == []


async def test_a_name_is_given_to_one_running_process_only(supervisor: Supervisor) -> None:
    await _start_ready(supervisor, "router")
    with pytest.raises(ValueError, match="router is running already"):
        await supervisor.start("router", _python(WAITS))
    await supervisor.kill("router")
    await _start_ready(supervisor, "router")
    with pytest.raises(ValueError, match=r"no process ruoter was started here, only \['router'\]"):
        await supervisor.stop("ruoter")


async def test_the_terminal_cannot_interrupt_a_child(supervisor: Supervisor) -> None:
    await _start_ready(supervisor, "router")
    assert os.getsid(supervisor.pid("router")) == supervisor.pid("router") != os.getsid(0)


async def test_what_a_process_started_ends_with_it(supervisor: Supervisor) -> None:
    script = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print('child', p.pid, flush=True); p.wait()"
    )
    await supervisor.start("parent", _python(script))
    await _until(lambda: "child" in supervisor.last_lines("parent"))
    grandchild = int(supervisor.last_lines("parent").split()[1])
    await supervisor.kill("parent")
    await _until(lambda: not _alive(grandchild))
    assert supervisor.exit_code("parent") == -signal.SIGKILL


async def test_only_the_last_thirty_lines_are_told(supervisor: Supervisor) -> None:
    await supervisor.start("chatty", _python("for n in range(20000): print('line', n)"))
    last = (await supervisor.wait_for_exit()).last_lines.splitlines()
    assert last == [f"line {n}" for n in range(19970, 20000)]


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_child_outlives_a_parent_that_is_killed(tmp_path: Path, signal_number: signal.Signals) -> None:
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from shenava.dev.processes import Supervisor\n"
        "async def main():\n"
        "    supervisor = Supervisor(Path(sys.argv[1]))\n"
        "    await supervisor.start('child', ['sleep', '60'])\n"
        "    await supervisor.start('gone', ['true'])\n"
        "    await supervisor.wait_for_exit()\n"
        "    print('child', supervisor.pid('child'), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen(_python(script, str(tmp_path)), stdout=subprocess.PIPE, text=True) as parent:  # noqa: ASYNC220 - the test has nothing else to do
        assert parent.stdout is not None
        child = next(int(line.split()[1]) for line in parent.stdout if line.startswith("child"))
        assert _alive(child)
        parent.send_signal(signal_number)
    await _until(lambda: not _alive(child))


def test_the_guardian_knows_who_is_left_also_after_a_broken_line() -> None:
    assert guarded_at_end(["+ 10 9\n", "+ 11 3\n", "- 10\n", "- 12\n", "+ 1"]) == {11: 3}


def test_a_free_port_is_given_once_and_no_outgoing_connection_can_take_it() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(port in SERVER_PORTS for port in ports)
    for port in ports:
        with socket.create_server(("127.0.0.1", port)) as server:
            assert server.getsockname()[1] == port
