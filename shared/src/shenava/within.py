"""A time limit that costs nothing where nothing is waited for."""

import asyncio
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns; as ``asyncio.timeout``, but the clock is set only if ``work`` has to wait.

    Raises:
        TimeoutError: ``work`` took longer, and was cancelled.
    """
    try:
        pause = work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    async with asyncio.timeout(seconds):
        return await _Begun(work, pause)


class _Begun(Generic[T]):
    """The rest of ``work``, which has come to the first thing it waits for."""

    def __init__(self, work: Coroutine[Any, Any, T], pause: Any) -> None:
        self._work = work
        self._pause = pause

    def __await__(self) -> Generator[Any, Any, T]:
        pause = self._pause
        while True:
            try:
                sent = yield pause
            except BaseException as error:  # noqa: BLE001 - whatever wakes it, being cancelled too, is for the work
                go_on = partial(self._work.throw, error)
            else:
                go_on = partial(self._work.send, sent)
            try:
                pause = go_on()
            except StopIteration as ended:
                result: T = ended.value
                return result
