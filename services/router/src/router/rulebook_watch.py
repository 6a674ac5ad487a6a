"""The rulebook in force: swapped whole when its file changes, kept when the new one is wrong."""

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog

from router.rulebook import Rulebook, load, parse, read, version_of
from router.rulebook_faults import InvalidRulebook
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)


class RulebookInForce:
    """Holds one rulebook; whoever decides takes ``current`` once and decides by that one.

    Args:
        every: between two looks at the file. Looking beats notification here: Kubernetes swaps the directory.

    Raises:
        InvalidRulebook: the first one is wrong; there is nothing to decide by.
    """

    def __init__(self, path: Path, every: timedelta) -> None:
        self._path = path
        self._every = every.total_seconds()
        self._refused: str | None = None
        self.current = load(path)
        self._announce(self.current)

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the file until ``stop``."""
        while not stop.is_set():
            await asyncio.to_thread(self.look)
            try:
                await asyncio.wait_for(stop.wait(), self._every)
            except TimeoutError:
                continue

    def look(self) -> None:
        """Put the file's rulebook in force if it is another one and right; say once why not if it is wrong."""
        try:
            content = read(self._path)
        except InvalidRulebook as error:
            self._refuse("unreadable", error)
            return
        version = version_of(content)
        if version == self.current.version:
            self._refused = None
        elif version != self._refused:
            self._try(content, version)

    def _try(self, content: bytes, version: str) -> None:
        try:
            book = parse(content, str(self._path))
        except InvalidRulebook as error:
            self._refuse(version, error)
            return
        log.info("rulebook_changed", before=self.current.version, version=version)
        self.current = book
        self._refused = None
        metrics.RULEBOOK_CHANGES.labels("taken").inc()
        self._announce(book)

    def _refuse(self, version: str, error: InvalidRulebook) -> None:
        if version != self._refused:
            log.error("rulebook_refused", in_force=self.current.version, refused=version, faults=str(error))
            metrics.RULEBOOK_CHANGES.labels("refused").inc()
        self._refused = version

    def _announce(self, book: Rulebook) -> None:
        metrics.RULEBOOK.info({"version": book.version})
