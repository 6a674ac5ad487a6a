"""``shenava dead-letters replay`` on a real Kafka: what is written back, what is not, and what a break costs."""

import asyncio
import signal
import sys

import pytest

from dead_letter_world import COUNTED, DeadLetterWorld, as_written, dead_letter_world
from servers import Topics
from shenava.errors import Invalid
from shenava.kafka.ports import Outbound, Record
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

KILLED_AFTER_WRITING = """
import os, signal
from shenava.__main__ import app
from shenava.dead_letters.writer import Writer

write = Writer.write

async def write_and_die(writer, records):
    await write(writer, records)
    os.kill(os.getpid(), signal.SIGKILL)

Writer.write = write_and_die
app()
"""


@pytest.fixture
async def world(topic_factory: Topics) -> DeadLetterWorld:
    return await dead_letter_world(topic_factory)


def ids(records: list[Record]) -> list[str]:
    return [dict(record.headers)["ce_id"].decode() for record in records]


async def test_a_replay_writes_back_the_very_records_to_their_partitions_in_their_order(world: DeadLetterWorld) -> None:
    buried = await world.bury(8)
    done = await world.command("replay", world.topic)
    replayed = [record for record in await world.records() if COUNTED in record.headers]

    assert (done.exit_code, done.stdout) == (0, "8 replayed\n")
    assert as_written(replayed) == {
        (record.partition, record.key, record.value, (*record.headers, COUNTED)) for record in buried
    }
    assert ids(replayed) == ids(buried)


async def test_a_second_replay_writes_nothing_unless_it_is_told_to(world: DeadLetterWorld) -> None:
    await world.bury(3)
    first, second = await world.answer("replay", world.topic), await world.answer("replay", world.topic)

    assert (len(first["replayed"]), len(second["replayed"]), second["already"]) == (3, 0, 3)
    assert len(await world.records()) == 6
    again = await world.command("replay", world.topic, "--again", "--letter", "0:1")
    assert (again.exit_code, len(await world.records())) == (0, 7)
    assert all(letter["replayed_at"] for letter in (await world.answer("list", world.topic))["letters"])


async def test_a_replay_killed_between_writing_and_remembering_is_repeated_and_then_is_over(
    world: DeadLetterWorld,
) -> None:
    buried = await world.bury(12)
    child = await world.child(sys.executable, "-c", KILLED_AFTER_WRITING, "dead-letters", "replay", world.topic)
    await child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert (len(await world.records()), await world.notes()) == (22, [])

    assert len((await world.answer("replay", world.topic))["replayed"]) == 12
    assert (await world.answer("replay", world.topic))["replayed"] == []
    replayed = [record for record in await world.records() if COUNTED in record.headers]
    assert set(ids(replayed)) == set(ids(buried))
    assert len(replayed) == 10 + 12  # what was written and not remembered came twice, under the same ids


async def test_ctrl_c_ends_a_replay_after_the_step_in_hand_and_says_how_far_it_came(world: DeadLetterWorld) -> None:
    await world.bury(6)
    command = [sys.executable, "-m", "shenava", "dead-letters", "replay", world.topic, "--rate", "0.2"]
    child = await world.child(*command)

    async def has_begun() -> bool:
        return bool(await world.notes())

    await until(has_begun)
    child.send_signal(signal.SIGINT)
    told = (await child.communicate())[1].decode()
    done = len(await world.notes())

    assert child.returncode == 1
    assert told == (
        f"shenava: stopped: it was told to stop; {done} of 6 replayed, {6 - done} wait: run it again, "
        "what is remembered as replayed is not written twice\n"
    )
    assert len((await world.answer("replay", world.topic))["replayed"]) == 6 - done
    assert len(await world.records()) == 12


async def test_no_more_than_the_maximum_is_written_and_the_next_run_goes_on(world: DeadLetterWorld) -> None:
    await world.bury(5)
    first = await world.command("replay", world.topic, "--max", "3")

    assert (first.exit_code, first.stdout) == (
        0,
        "3 replayed; 2 left (--max allows more; or run it again)\n",
    )
    assert len((await world.answer("replay", world.topic, "--max", "3"))["replayed"]) == 2


async def test_a_dry_run_says_what_would_be_written_and_writes_nothing(world: DeadLetterWorld) -> None:
    await world.bury(2)
    done = await world.command("replay", world.topic, "--dry-run")

    assert done.exit_code == 0
    assert "2 would be replayed" in done.stdout
    assert f"{world.topic} 0:1" in done.stdout
    assert (len(await world.records()), await world.notes()) == (2, [])


async def test_what_does_not_decode_now_is_refused_and_its_neighbours_are_replayed(world: DeadLetterWorld) -> None:
    await world.bury(1)
    await world.write(Outbound(world.topic, b"key", b"hello", [("h", b"\xff")]))
    await world.refuse((await world.records())[-1:], Invalid("malformed_json", "no JSON"))
    done = await world.command("replay", world.topic)

    assert (done.exit_code, done.stdout) == (1, "1 replayed; 1 refused\n")
    assert done.stderr.startswith(f"shenava: refused {world.dead} 0:1 (from {world.topic}[")
    assert "does not decode now either (not_a_cloudevent" in done.stderr
    assert (await world.command("replay", world.topic, "--force")).exit_code == 0
    forced = [record for record in await world.records() if record.value == b"hello"]
    assert [record.headers for record in forced] == [(("h", b"\xff"),), (("h", b"\xff"), COUNTED)]


async def test_only_what_is_selected_is_replayed_and_a_letter_that_is_not_there_is_told(world: DeadLetterWorld) -> None:
    await world.bury(2)
    await world.bury(2, Invalid("odd", "the handler refused it"), group="router")
    done = await world.command("replay", world.topic, "--letter", "0:0", "--letter", "0:9")

    assert (done.exit_code, done.stdout) == (1, "1 replayed; 1 refused\n")
    assert done.stderr == f"shenava: refused {world.dead} 0:9: there is no such letter\n"
    assert len((await world.answer("replay", world.topic, "--reason", "odd"))["replayed"]) == 2
    assert (await world.answer("replay", world.topic, "--group", "nobody"))["replayed"] == []
    assert (await world.answer("replay", world.topic, "--since", "2026-11-23T09:30:01"))["replayed"] == []
    assert len((await world.answer("replay", world.topic, "--until", "2999-01-01"))["replayed"]) == 1


async def test_a_record_that_dies_again_counts_up_until_it_is_refused(world: DeadLetterWorld) -> None:
    await world.bury(1)
    for replays in range(3):
        assert (await world.answer("list", world.topic))["letters"][-1]["replays"] == replays
        assert len((await world.answer("replay", world.topic))["replayed"]) == 1
        await world.refuse((await world.records())[-1:])
    refused = await world.command("replay", world.topic)

    assert refused.exit_code == 1
    assert "it was replayed 3 times and died again" in refused.stderr
    assert (await world.command("replay", world.topic, "--max-replays", "4")).exit_code == 0
    assert [dict(record.headers).get("dead_letter_replays") for record in await world.records()] == [
        None, b"1", b"2", b"3", b"4",
    ]  # fmt: skip


async def test_a_record_that_two_groups_refused_is_written_once_for_both(world: DeadLetterWorld) -> None:
    records = await world.bury(1)
    await world.refuse(records, group="metrics-api")

    assert (await world.command("replay", world.topic)).stdout == ("1 replayed; 1 of the same records\n")
    assert (await world.answer("replay", world.topic))["already"] == 2


async def test_two_operators_at_once_lose_nothing(world: DeadLetterWorld) -> None:
    buried = await world.bury(5)
    command = [sys.executable, "-m", "shenava", "dead-letters", "replay", world.topic]
    operators = [await world.child(*command) for _ in range(2)]
    await asyncio.gather(*(operator.communicate() for operator in operators))
    assert [operator.returncode for operator in operators] == [0, 0]

    assert set(ids([record for record in await world.records() if COUNTED in record.headers])) == set(ids(buried))
    assert (await world.answer("replay", world.topic))["already"] == 5
