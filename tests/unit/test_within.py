"""A time limit that is only set where something is waited for: the same outcome as asyncio.timeout in every case."""

import asyncio

import pytest

from shenava.testing.waiting import until
from shenava.within import within


async def _after(pauses: int, result: str = "done") -> str:
    for _ in range(pauses):
        await asyncio.sleep(0)
    return result


async def _for_ever() -> str:
    await asyncio.Event().wait()
    return "never"


@pytest.mark.parametrize("pauses", [0, 1, 5])
async def test_what_ends_in_time_returns_its_result(pauses: int) -> None:
    assert await within(60, _after(pauses)) == "done"


async def test_what_never_waits_meets_no_clock() -> None:
    assert await within(0, _after(0)) == "done"


async def test_what_takes_longer_is_cancelled_and_told() -> None:
    cancelled: list[bool] = []

    async def work() -> None:
        try:
            await _for_ever()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(TimeoutError):
        await within(0.01, work())
    assert cancelled == [True]


@pytest.mark.parametrize("pauses", [0, 3])
async def test_its_errors_are_passed_on(pauses: int) -> None:
    async def work() -> None:
        await _after(pauses)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await within(60, work())


async def test_an_error_in_what_it_waits_for_reaches_it_and_may_be_overcome() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await future
        except ZeroDivisionError:
            return await _after(2, "overcome")
        return "not reached"

    asyncio.get_running_loop().call_soon(future.set_exception, ZeroDivisionError())
    assert await within(60, work()) == "overcome"


async def test_work_may_end_by_its_own_cleaning_up_after_the_limit() -> None:
    async def work() -> str:
        try:
            return await _for_ever()
        except asyncio.CancelledError:
            await _after(2)
            raise

    with pytest.raises(TimeoutError):
        await within(0.01, work())


async def test_a_cancelled_caller_cancels_the_work_and_stays_cancelled() -> None:
    begun = asyncio.Event()
    cleaned = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await _for_ever()
        finally:
            cleaned.set()

    caller = asyncio.create_task(within(60, work()))
    await until(begun.is_set)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert cleaned.is_set()


async def test_inner_and_outer_limits_do_not_mix() -> None:
    async def work() -> str:
        with pytest.raises(TimeoutError):
            await within(0.01, _for_ever())
        return "went on"

    async with asyncio.timeout(60):
        assert await within(60, work()) == "went on"
