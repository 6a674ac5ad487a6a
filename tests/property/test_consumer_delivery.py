"""Whatever comes, whoever dies, wherever: every record is handled or put aside, in order, and no mark runs ahead."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from delivery_story import Process, Story

records = st.tuples(
    st.integers(0, 2), st.sampled_from(["good", "good", "good", "invalid", "unreadable"]),
    st.sampled_from([0, 0, 0, 1, 2, 5]),
)  # fmt: skip
orderly = st.one_of(
    st.tuples(st.just("turn"), st.integers(0, 2)),
    st.tuples(st.just("turn all")),
    st.tuples(st.just("turn all")),
    st.tuples(st.just("join")),
    st.tuples(st.just("write"), st.lists(records, min_size=1, max_size=9)),
    st.tuples(st.just("leave"), st.integers(0, 2)),
)
troubles = st.one_of(
    st.tuples(st.just("die"), st.integers(0, 2), st.integers(0, 15)),
    st.tuples(st.just("expire"), st.integers(0, 2)),
    st.tuples(st.just("rejoin"), st.integers(0, 2)),
    st.tuples(st.just("fault"), st.sampled_from(["refused_commits", "failed_writes", "unknown_writes"])),
)
beginnings = st.lists(records, min_size=6, max_size=30)
Deeds = list[tuple[Any, ...]]
Records = list[tuple[int, str, int]]


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3), beginnings, st.lists(st.one_of(orderly, troubles), min_size=5, max_size=50))
def test_every_record_is_handled_or_put_aside_whoever_dies_and_whenever(
    partitions: int, first: Records, deeds: Deeds
) -> None:
    story = Story(partitions)
    asyncio.run(_play(story, [("write", first), ("join",), *deeds]))

    story.check_end()


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3), beginnings, st.lists(orderly, min_size=5, max_size=50))
def test_members_that_come_and_go_in_good_order_handle_nothing_twice(
    partitions: int, first: Records, deeds: Deeds
) -> None:
    story = Story(partitions)
    asyncio.run(_play(story, [("write", first), ("join",), *deeds]))

    story.check_end()
    for offsets in story.handled.values():
        assert len(offsets) == len(set(offsets))


async def _play(story: Story, deeds: Sequence[tuple[Any, ...]]) -> None:
    processes: list[Process] = []
    for what, *how in deeds:
        await _do(story, processes, what, *how)
        event(f"{what}: somebody died" if any(process.life.over for process in processes) else what)
        processes = [process for process in processes if not process.life.over]
    story.broker.faults.refused_commits = 0
    last = Process(story)
    await last.start()
    everybody = [last, *processes]
    for process in everybody:
        process.life.steps = None
    for _ in range(500):
        if story.is_finished():
            break
        await asyncio.gather(*(process.turn() for process in everybody))
    else:
        raise AssertionError(f"not finished: {story.committed}")
    for process in everybody:
        await process.leave()
    story.check_marks()


async def _do(story: Story, processes: list[Process], what: str, *how: Any) -> None:
    match what:
        case "write":
            for record in how[0]:
                story.write(*record)
        case "fault":
            setattr(story.broker.faults, how[0], 2)
        case "join" if len(processes) < 3:
            processes.append(Process(story))
            await processes[-1].start()
        case "turn all":
            await asyncio.gather(*(process.turn() for process in processes))
        case _ if processes and how:
            await _do_to(processes[how[0] % len(processes)], processes, what, *how[1:])


async def _do_to(process: Process, processes: list[Process], what: str, *how: Any) -> None:
    match what:
        case "turn":
            await process.turn()
        case "leave":
            processes.remove(process)
            await process.leave()
        case "die":
            process.life.steps = how[0]
            for _ in range(10):
                if not process.life.over:
                    await process.turn()
        case "expire":
            process.subscription.expire()
        case "rejoin" if not process.subscription._group.has(process.subscription):
            await process.subscription.rejoin()
