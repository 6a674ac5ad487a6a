"""structlog set up once: JSON lines on stdout, constant event names with fields, other libraries' logs included."""

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog

QUIET_SECONDS = 5.0


class OncePerWhile(logging.Filter):
    """Lets one record per logger, level and message template through in ``seconds``; counts what it held back.

    aiokafka logs a line per failed reconnect, hundreds during an outage.
    """

    def __init__(self, seconds: float = QUIET_SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._now = now
        self._last: dict[tuple[str, int, str], float] = {}
        self._held: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is let through."""
        key = (record.name, record.levelno, str(record.msg))
        now = self._now()
        if now - self._last.get(key, float("-inf")) < self._seconds:
            self._held[key] = self._held.get(key, 0) + 1
            return False
        self._last[key] = now
        held = self._held.pop(key, 0)
        if held:
            record.msg = f"{record.msg} (and {held} alike)"
        return True


def configure(service: str, *, level: str = "INFO", form: str = "json") -> None:
    """Route structlog and the standard library's logging to stdout, as ``json`` or for a ``console``."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    render: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "console":
        render = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            render,
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(_only_below_info_for_libraries)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    quiet = OncePerWhile()
    for name in ("aiokafka", "aiokafka.conn", "aiokafka.consumer.group_coordinator", "aiokafka.producer.sender"):
        logging.getLogger(name).setLevel(logging.WARNING)
    handler.addFilter(lambda record: quiet.filter(record) if record.name.startswith("aiokafka") else True)
    for name in ("uvicorn.access", "httpx", "httpcore", "alembic.runtime.migration"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def _only_below_info_for_libraries(record: logging.LogRecord) -> bool:
    """Debug lines of libraries may carry message bodies; they are never written."""
    return record.levelno >= logging.INFO or record.name.startswith("shenava")
