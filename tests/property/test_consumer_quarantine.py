"""Whatever kills the process, and however often the partitions change hands, just the killers are put aside."""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from delivery_story import KILLERS, SETTINGS, Process, Story

records = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["good", "good", "good", "good", "good", "lethal", "buggy", "invalid"]),
    st.sampled_from([0, 0, 0, 0, 1, 3]),
)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("turn"), st.integers(0, 2)),
        st.tuples(st.just("leave"), st.integers(0, 2)),
        st.tuples(st.just("join"), st.just(0)),
    ),
    max_size=60,
)
UNHEARD_OF = 3
"""Deaths before a partition is read carefully: one without a note, two that were noted."""


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 3), st.integers(1, 6), st.lists(records, min_size=1, max_size=25), deeds, st.integers(1, 3))
@example(1, 3, [(0, "good", 0), (0, "good", 0), (0, "lethal", 0), (0, "lethal", 0)], [], 1)
def test_just_the_records_that_kill_are_put_aside_after_few_deaths_and_all_others_are_handled(
    partitions: int, max_records: int, written: list[tuple[int, str, int]], turns: list[tuple[str, int]], after: int
) -> None:
    story = Story(partitions)
    for record in written:
        story.write(*record)
    asyncio.run(_play(story, turns, max_records=max_records, quarantine_after=after))

    killers = {place for place, fate in story.fates.items() if fate in KILLERS}
    story.check_end()
    assert story.quarantined == Counter(killers)
    assert all(after <= story.deaths[place] <= after + UNHEARD_OF for place in killers)


async def _play(story: Story, deeds: list[tuple[str, int]], **how: Any) -> None:
    processes: list[Process] = []
    for what, which in deeds:
        processes = await _living(story, processes, **how)
        one = processes[which % len(processes)]
        if what == "turn":
            await one.turn()
        elif what == "leave":
            await one.leave()
            one.life.over = True
        elif len(processes) < 3:
            processes.append(await _started(story, **how))
    for _ in range(len(story.fates) * (SETTINGS.quarantine_after + UNHEARD_OF) * 10 + 50):
        if story.is_finished():
            break
        processes = await _living(story, processes, **how)
        await asyncio.gather(*(process.turn() for process in processes))
    else:
        raise AssertionError(f"not finished: {story.committed}, {story.notes}")
    for process in processes:
        if not process.life.over:
            await process.leave()
    story.check_marks()
    assert story.notes == {}


async def _living(story: Story, processes: list[Process], **how: Any) -> list[Process]:
    return [process for process in processes if not process.life.over] or [await _started(story, **how)]


async def _started(story: Story, **how: Any) -> Process:
    process = Process(story, **how)
    await process.start()
    return process
