"""Beginning to write without waiting: no task where none is needed, and the same order as with one."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producer_world import World, records_of
from shenava.kafka import lane as lane_module
from shenava.kafka.producer import Producer


async def test_what_begins_in_a_lane_with_room_costs_no_task() -> None:
    world = World()
    async with Producer(world.connect) as producer:
        await producer.send(records_of(1))
        before = len(asyncio.all_tasks())
        begun = [producer.begin(records_of(2, key=b"%d" % number)) for number in range(20)]
        assert len(asyncio.all_tasks()) - before <= len(producer._lanes) - 1
        await asyncio.gather(*begun)

    assert len(world.broker.records("t")) == 41


async def test_nothing_to_write_asks_no_broker() -> None:
    world = World()
    await Producer(world.connect).begin([])
    assert world.clients == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(1, 4)), max_size=30), st.booleans())
def test_what_begins_later_never_overtakes_whether_it_had_to_wait_or_not(
    begins: list[tuple[bytes, int]],
    connected: bool,  # noqa: FBT001 - Hypothesis gives it by position
) -> None:
    asyncio.run(_begin_in_turn(begins, connected=connected))


async def _begin_in_turn(begins: list[tuple[bytes, int]], *, connected: bool) -> None:
    world = World(partitions=2)
    producer = Producer(world.connect)
    if connected:
        await producer.send(records_of(1, key=b"first"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lane_module, "LANE_RECORDS", 3)
        begun = []
        for number, (key, count) in enumerate(begins):
            begun.append(producer.begin(records_of(count, key=key, start=number * 10)))
            if number % 3 == 0:
                await asyncio.sleep(0)
        await asyncio.gather(*begun)
    await producer.__aexit__(None, None, None)

    for key in (b"a", b"b", b"c"):
        groups = [(number * 10, count) for number, (its_key, count) in enumerate(begins) if its_key == key]
        wanted = [b"%d" % (start + i) for start, count in groups for i in range(count)]
        assert [record.value for record in world.broker.records("t") if record.key == key] == wanted
