"""Waiting for a condition instead of for a time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

_LOOK_EVERY_SECONDS = 0.01


async def until(condition: Callable[[], object | Awaitable[object]], within_seconds: float = 30.0) -> None:
    """Return once ``condition`` is true, which may be sync or async; it is looked at a hundred times a second.

    Raises:
        AssertionError: it was not, ``within_seconds``.
    """
    try:
        async with asyncio.timeout(within_seconds):
            while not await _value(condition):  # noqa: ASYNC110 - any condition may be waited for, not only events
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
    except TimeoutError:
        raise AssertionError(f"not true within {within_seconds} s: {inspect.getsource(condition).strip()}") from None


async def _value(condition: Callable[[], object | Awaitable[object]]) -> object:
    value = condition()
    return await value if inspect.isawaitable(value) else value
