"""Runs a service: settings, logs, probes, its tasks side by side, and an orderly end.

A service is wired by one async context manager that opens what it needs and yields a :class:`Service`. SIGTERM or
SIGINT makes readiness fail, lets every task finish what it has in hand, and ends with exit code 0; a task that fails
ends the whole process with code 1, so that the orchestrator starts a new one.
"""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Self

import structlog
import uvicorn
from fastapi import FastAPI

from shenava import __version__
from shenava.errors import Fatal, Transient
from shenava.http import probes, problems
from shenava.http.measured import Measured
from shenava.http.patience import patient_for
from shenava.http.probes import Health
from shenava.kafka.ports import WriteFailed
from shenava.settings import HttpSettings, InvalidSettings, ProcessSettings, read
from shenava.telemetry import metrics
from shenava.telemetry.logging import configure

log = structlog.get_logger(__name__)

Task = Callable[[asyncio.Event], Awaitable[None]]


class Exit(IntEnum):
    """How a service process ends."""

    CLEAN = 0
    FAILED = 1
    BAD_SETTINGS = 2
    DRAIN_TIMED_OUT = 3


@dataclass
class Service:
    """What a service is made of once it is wired.

    Attributes:
        tasks: by name; each runs until the event it is given is set, then finishes what it has in hand.
        app: its HTTP surface; probes and metrics are added to it.
    """

    tasks: dict[str, Task] = field(default_factory=dict)
    app: FastAPI | None = None
    health: Health = field(default_factory=Health)


Wire = Callable[[], AbstractAsyncContextManager[Service]]


def run(name: str, wire: Wire) -> int:
    """Run the service called ``name`` until a signal or a failure; returns the exit code."""
    try:
        process = read(ProcessSettings)
        http = read(HttpSettings)
    except InvalidSettings as error:
        return _refuse(name, error)
    configure(name, level=process.log_level, form=process.log_format)
    metrics.BUILD.info({"service": name, "version": __version__})
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(_serve(name, wire, process, http))
        except InvalidSettings as error:
            return _refuse(name, error)


def tune_collector() -> None:
    """Have the garbage collector look seldom: batches of events come and go without cycles.

    What lives by now (modules, the model) is never walked again. Measured by ``benchmarks/transport.py``: a quarter of
    the CPU time per message.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _refuse(name: str, error: InvalidSettings) -> int:
    sys.stderr.write(f"{name}: {error}\n")
    return Exit.BAD_SETTINGS


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - absent on Windows; asyncio's own loop serves there
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(name: str, wire: Wire, process: ProcessSettings, http: HttpSettings) -> int:
    stop = asyncio.Event()
    with _Signals(stop) as signals:
        try:
            signals.starting = asyncio.current_task()
            async with wire() as service:
                signals.starting = None
                return await _run_tasks(name, service, stop, process, http)
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
            log.info("service_stopped", clean=True, started=False)
            return Exit.CLEAN
        except Exception as error:  # noqa: BLE001 - the process's last line: say why it ends, and end
            causes = _leaves(error)
            # What is away while a service starts is no fault of its code.
            told = Fatal if signals.starting is None else (Fatal, Transient, WriteFailed)
    for cause in causes:
        if isinstance(cause, InvalidSettings):
            raise cause
        log.critical("service_failed", reason=str(cause), exc_info=None if isinstance(cause, told) else cause)
    return Exit.FAILED


async def _run_tasks(
    name: str, service: Service, stop: asyncio.Event, process: ProcessSettings, http: HttpSettings
) -> int:
    tasks = {**service.tasks, "http": _http_task(name, service, http)}
    drained = False
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(_until(task, stop), name=task_name) for task_name, task in tasks.items()]
        tune_collector()
        service.health.started = True
        log.info("service_started", version=__version__, port=http.port)
        stopping = group.create_task(stop.wait())
        await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        service.health.draining = True
        log.info("service_draining")
        _, late = await asyncio.wait(running, timeout=process.drain_timeout.total_seconds())
        drained = not late
        for task in late:
            log.error("task_not_drained", task=task.get_name())
            task.cancel()
    log.info("service_stopped", clean=drained)
    return Exit.CLEAN if drained else Exit.DRAIN_TIMED_OUT


async def _until(task: Task, stop: asyncio.Event) -> None:
    await task(stop)


def _http_task(name: str, service: Service, http: HttpSettings) -> Task:
    app = service.app or FastAPI(title=name, docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)
    app.include_router(probes.routes(service.health))
    app.add_middleware(Measured)
    server = _Server(
        uvicorn.Config(
            app,
            http=patient_for(http.head_timeout),
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=http.max_in_flight,
            timeout_graceful_shutdown=10,
            lifespan="off",
        )
    )

    listening = _listen(http)

    async def serve(stop: asyncio.Event) -> None:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:  # also when another task has failed: what the requests in flight use is closed after this
            stopping.cancel()
            server.should_exit = True
            await serving
        if not stop.is_set():
            raise Fatal("the HTTP server ended by itself")

    return serve


def _listen(http: HttpSettings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
        return socket.create_server((http.host, http.port), family=family, backlog=1024)
    except OSError as error:
        raise Fatal(
            f"cannot listen on {http.host}:{http.port}: {error.strerror}; free it, or set SHENAVA_HTTP_HOST and "
            "SHENAVA_HTTP_PORT"
        ) from error


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the service decides when everything stops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class _Signals:
    """SIGTERM and SIGINT set the event; a second one ends the process at once.

    Attributes:
        starting: the task that still waits for what the service needs; nothing is in hand, so a signal cancels it.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self.starting: asyncio.Task[Any] | None = None

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._received, number)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def _received(self, number: signal.Signals) -> None:
        if self._stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._stop.set()
        if self.starting is not None:
            self.starting.cancel()


def _leaves(error: Exception) -> list[Exception]:
    if not isinstance(error, ExceptionGroup):
        return [error]
    return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
