"""Starts servers and services as child processes, watches them and stops them in order; none outlives this process."""

import asyncio
import atexit
import contextlib
import functools
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import structlog

from shenava.dev import guardian

log = structlog.get_logger(__name__)

SERVER_PORTS = range(20_000, 32_000)
"""Below every system's ephemeral range: an outgoing connection can never sit on the port of a server that is down."""

_POLL = 0.02
_LAST_LINES = 30
_TAIL_BYTES = 65_536
_handed_out: set[int] = set()


class ServerStartError(RuntimeError):
    """A server did not come up; the message has the last lines of its log."""


@dataclass(frozen=True, slots=True)
class ProcessExit:
    """A process ended that nobody had asked to end; a negative ``code`` is the signal that ended it."""

    name: str
    code: int
    last_lines: str


@dataclass(slots=True)
class _Child:
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path
    stop_signal: signal.Signals
    orphan_signal: signal.Signals
    process: subprocess.Popen[bytes] = field(init=False)
    watched: bool = True
    guarded: bool = False

    def spawn(self) -> None:
        """Start it in a session of its own, so that Ctrl-C in the terminal reaches only us."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.watched = self.guarded = True
        _tell_guardian(f"+ {self.process.pid} {self.orphan_signal.value}\n")

    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs; what is left of its group is killed and forgotten."""
        code = self.process.poll()
        if code is not None and self.guarded:
            self.guarded = False
            _kill_group(self.process.pid)
            _tell_guardian(f"- {self.process.pid}\n")
        return code

    async def wait(self) -> None:
        while self.exit_code() is None:  # noqa: ASYNC110 - an exit can only be polled for without tying us to one loop
            await asyncio.sleep(_POLL)


class Supervisor:
    """Child processes by name. Used as a context manager, it stops them all at the end, the last started first."""

    def __init__(self, log_directory: Path) -> None:
        """Each process appends its output to ``<log_directory>/<name>.log``."""
        self._log_directory = log_directory
        self._children: dict[str, _Child] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop_all()

    async def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        orphan_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Start ``command`` (no shell) with ``env`` on top of our own environment.

        Args:
            name: what the process is called from now on; also names its log.
            command: the program and its arguments.
            env: variables to add or to replace.
            stop_signal: what ``stop`` sends.
            orphan_signal: what the process gets if we die without stopping it.

        Raises:
            ValueError: a process of that name is running.
            OSError: the program cannot be started.
        """
        if name in self._children and self.exit_code(name) is None:
            raise ValueError(f"process {name} is running already (pid {self.pid(name)}): stop it first")
        child = _Child(tuple(command), dict(env or {}), self.log_file(name), stop_signal, orphan_signal)
        self._children.pop(name, None)
        child.spawn()
        self._children[name] = child
        log.debug("process_started", process=name, pid=child.process.pid)

    async def stop(self, name: str, grace: timedelta = timedelta(seconds=10)) -> None:
        """Ask the process to end; kill it when it has not after ``grace``. Nothing happens if it is not running."""
        child = self._child(name)
        child.watched = False
        if child.exit_code() is not None:
            return
        child.process.send_signal(child.stop_signal)
        try:
            async with asyncio.timeout(grace.total_seconds()):
                await child.wait()
        except TimeoutError:
            log.warning("process_killed_after_grace", process=name, pid=child.process.pid, grace=str(grace))
            await self.kill(name)

    async def kill(self, name: str) -> None:
        """End the process and its group by SIGKILL and wait until it is gone."""
        child = self._child(name)
        child.watched = False
        if child.exit_code() is None:
            _kill_group(child.process.pid)
            await child.wait()

    async def restart(self, name: str, grace: timedelta = timedelta(seconds=10)) -> None:
        """Stop the process if it runs, and start it again with the same command, environment and log."""
        await self.stop(name, grace)
        self._child(name).spawn()
        log.debug("process_restarted", process=name, pid=self.pid(name))

    async def stop_all(self, grace: timedelta = timedelta(seconds=10)) -> None:
        """Stop every process, the last started first; each has ``grace`` to end."""
        for name in reversed(self._children):
            await self.stop(name, grace)

    async def wait(self, name: str) -> int:
        """Wait until the process has ended, as a job does; returns its exit code."""
        child = self._children[name]
        child.watched = False
        await child.wait()
        return child.process.returncode

    async def wait_for_exit(self) -> ProcessExit:
        """Wait until a process ends that was neither stopped nor killed through us; each is told once."""
        while True:
            for name, child in self._children.items():
                if child.watched and (code := child.exit_code()) is not None:
                    child.watched = False
                    log.warning("process_exited", process=name, code=code)
                    return ProcessExit(name, code, self.last_lines(name))
            await asyncio.sleep(_POLL)

    def running(self) -> list[str]:
        """The names of the processes that run, in the order they were started."""
        return [name for name, child in self._children.items() if child.exit_code() is None]

    def pid(self, name: str) -> int:
        """The number of the process, also after its end."""
        return self._child(name).process.pid

    def exit_code(self, name: str) -> int | None:
        """None while the process runs; negative for the signal that ended it."""
        return self._child(name).exit_code()

    def log_file(self, name: str) -> Path:
        """Where the process writes its output."""
        return self._log_directory / f"{name}.log"

    def last_lines(self, name: str) -> str:
        """The last 30 lines of its output."""
        with self.log_file(name).open("rb") as output:
            output.seek(max(0, output.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return "\n".join(output.read().decode(errors="replace").splitlines()[-_LAST_LINES:])

    def _child(self, name: str) -> _Child:
        if name not in self._children:
            raise ValueError(f"no process {name} was started here, only {list(self._children)}: start it first")
        return self._children[name]


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on and that this process was not given before.

    Raises:
        RuntimeError: all ports tried were taken.
    """
    for _ in range(500):
        port = secrets.choice(SERVER_PORTS)
        if port in _handed_out:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _handed_out.add(port)
            return port
    raise RuntimeError(f"no free TCP port on 127.0.0.1 between {SERVER_PORTS[0]} and {SERVER_PORTS[-1]}")


def _kill_group(group: int) -> None:
    # macOS answers "not permitted" where only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


@functools.cache
def _guardian_input() -> IO[bytes]:
    """The pipe to the program of ``guardian.py``, which is started with the first child."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", guardian.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(process.communicate)
    return cast("IO[bytes]", process.stdin)  # a pipe was asked for


def _tell_guardian(line: str) -> None:
    _guardian_input().write(line.encode())
    _guardian_input().flush()
