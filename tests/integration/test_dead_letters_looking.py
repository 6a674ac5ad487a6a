"""``shenava dead-letters list`` and ``show`` on a real Kafka: what an operator sees, and never sees raw."""

import json
from pathlib import Path

import pytest

from dead_letter_world import DeadLetterWorld, dead_letter_world
from servers import Topics
from shenava.errors import Invalid
from shenava.kafka.ports import Outbound

pytestmark = pytest.mark.servers

SECRET = "متن خصوصی مشتری"
HOSTILE = "سلام\u202eمالس \x1b[31m[red]قرمز[/red]"


@pytest.fixture
async def world(topic_factory: Topics) -> DeadLetterWorld:
    return await dead_letter_world(topic_factory)


async def raw(world: DeadLetterWorld, value: bytes | None, reason: Invalid | None = None) -> None:
    await world.write(Outbound(world.topic, b"key", value, [("ce_id", HOSTILE.encode())]))
    await world.refuse((await world.records())[-1:], reason or Invalid("malformed_json", HOSTILE))


async def test_letters_are_counted_by_reason_and_named_with_their_origin(world: DeadLetterWorld) -> None:
    first, *_ = await world.bury(2)
    await raw(world, SECRET.encode())
    listed = await world.command("list", world.topic)
    told = await world.answer("list", world.dead)

    assert listed.exit_code == 0
    assert told["counts"] == [
        {"topic": world.dead, "reason": "malformed_json", "letters": 1, "waiting": 1},
        {"topic": world.dead, "reason": "unknown_event_type", "letters": 2, "waiting": 2},
    ]
    assert f"{world.topic} 0:0" in listed.stdout
    assert f"{world.topic}[{first.partition}]@{first.offset}" in listed.stdout
    assert "2026-11-23 09:30:00" in listed.stdout
    assert [(letter["decodes_now"], letter["replays"]) for letter in told["letters"]] == [
        (True, 0),
        (True, 0),
        (False, 0),
    ]


async def test_neither_values_nor_anything_raw_is_in_a_list(world: DeadLetterWorld) -> None:
    await raw(world, SECRET.encode(), Invalid(HOSTILE, SECRET))
    for arguments in (("list", world.topic), ("list", world.topic, "--json")):
        shown = (await world.command(*arguments)).stdout
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert r"سلام\u202eمالس" in shown
    assert SECRET not in (await world.command("list", world.topic)).stdout


async def test_a_list_can_be_narrowed_and_cut_and_still_counts_all(world: DeadLetterWorld) -> None:
    await world.bury(3)
    await world.bury(1, Invalid("odd", "refused by the handler"), group="router")

    assert len((await world.answer("list", world.topic, "--limit", "2"))["letters"]) == 2
    assert (await world.answer("list", world.topic, "--limit", "2"))["counts"][1]["letters"] == 3
    assert "2 older ones" in (await world.command("list", world.topic, "--limit", "2")).stdout
    for narrowing, count in (
        (("--reason", "odd"), 1),
        (("--group", "sentiment"), 3),
        (("--since", "2026-11-23T09:30:00"), 4),
        (("--until", "2026-11-23T09:30:00"), 0),
    ):
        assert len((await world.answer("list", world.topic, *narrowing))["letters"]) == count, narrowing


async def test_all_dead_letter_topics_are_listed_when_none_is_named(world: DeadLetterWorld) -> None:
    await world.bury()

    assert world.dead in {row["topic"] for row in (await world.answer("list"))["counts"]}


async def test_an_empty_topic_says_so_and_one_that_is_not_there_is_an_error_in_a_line(world: DeadLetterWorld) -> None:
    empty, unknown = await world.command("list", world.topic), await world.command("list", "no-such-topic")

    assert (empty.exit_code, empty.stdout) == (0, "no dead letters\n")
    assert (unknown.exit_code, unknown.stderr.count("\n")) == (1, 1)
    assert "there is no topic no-such-topic.dead" in unknown.stderr


async def test_a_record_that_is_no_dead_letter_is_counted_and_can_be_shown(world: DeadLetterWorld) -> None:
    await world.write(Outbound(world.dead, b"key", HOSTILE.encode()))
    listed, shown = await world.command("list", world.topic), await world.command("show", world.topic, "0", "0")

    assert "no dead letter" in listed.stdout
    assert r"\u001b[31m[red]" in shown.stdout


async def test_a_letter_is_shown_with_all_it_has_and_whether_it_decodes_now(world: DeadLetterWorld) -> None:
    (record,) = await world.bury(1, Invalid("unknown_event_type", HOSTILE, pointer="/mention/text"))
    shown = await world.command("show", world.topic, "0", "0")

    assert shown.exit_code == 0
    for told in (
        f"{world.topic}[{record.partition}]@{record.offset}",
        "/mention/text",
        r"سلام\u202eمالس \u001b[31m[red]قرمز[/red]",
        "decodes now yes",
        "replayed    not yet",
        f"key         {(record.key or b'').decode()}",
        "ce_type: shenava.mention.received.v1",
        json.loads(record.value or b"")["mention"]["text"],
        '  "mention": {',
    ):
        assert told in shown.stdout


async def test_a_value_in_persian_is_shown_as_it_was_written_with_what_is_hidden_made_visible(
    world: DeadLetterWorld,
) -> None:
    await raw(world, '{"text": "نمی‌رسد\u2067 \\u0633\\u0644\\u0627\\u0645"}'.encode())
    shown = await world.command("show", world.topic, "0", "0")

    assert '"text": "نمی‌رسد\\u2067 سلام"' in shown.stdout
    assert "decodes now no: not_a_cloudevent" in shown.stdout
    told = await world.answer("show", world.topic, "0", "0")
    assert json.loads(told["value"]["text"])["text"] == "نمی‌رسد\u2067 سلام"
    assert told["decodes_now"] is False


async def test_a_long_value_is_bounded_and_a_tombstone_is_called_one(world: DeadLetterWorld) -> None:
    await raw(world, b"\xff" * 100_000)
    await raw(world, None)

    shown = (await world.command("show", world.topic, "0", "0")).stdout
    assert "more characters" in shown
    assert len(shown) < 30_000
    assert "tombstone" in (await world.command("show", world.topic, "0", "1")).stdout
    assert (await world.command("show", world.topic, "0", "1", "--raw")).exit_code == 1


async def test_a_value_is_given_byte_for_byte_and_no_file_is_overwritten(
    world: DeadLetterWorld, tmp_path: Path
) -> None:
    value = b"\xff\x00" + HOSTILE.encode()
    await raw(world, value)
    file = tmp_path / "value"

    assert (await world.command("show", world.topic, "0", "0", "--raw")).stdout_bytes == value
    assert (await world.command("show", world.topic, "0", "0", "--save", str(file))).exit_code == 0
    assert file.read_bytes() == value
    again = await world.command("show", world.topic, "0", "0", "--save", str(file))
    assert (again.exit_code, "not there yet" in again.stderr) == (1, True)


async def test_a_letter_that_is_not_there_is_an_error_in_a_line(world: DeadLetterWorld) -> None:
    for topic in (world.topic, "no-such-topic"):
        shown = await world.command("show", topic, "0", "3")
        assert (shown.exit_code, shown.stderr.count("\n")) == (1, 1)
        assert f"no record at {topic}.dead 0:3" in shown.stderr
