"""Keeps the libraries' log lines off a command's output: what matters of them is told in the command's own words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is logged in here."""
    library, configured = logging.getLogger("aiokafka"), structlog.get_config()
    level = library.level
    library.setLevel(logging.CRITICAL + 1)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        library.setLevel(level)
        structlog.configure(**configured)
