"""Letters that are no longer whole or at home, and commands that reach nothing: each is told, none is guessed."""

from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from dead_letter_world import COUNTED, DeadLetterWorld, as_written, dead_letter_world
from servers import Topics
from shenava.codec import encode
from shenava.kafka.client import connection
from shenava.kafka.ports import Record
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers


@pytest.fixture
async def world(topic_factory: Topics) -> DeadLetterWorld:
    return await dead_letter_world(topic_factory)


async def too_large(world: DeadLetterWorld) -> Record:
    """A mention that only came because it was compressed, and its dead letter, which is cut."""
    key, value, headers = encode(received(text="سلام"), source="elsewhere")
    await world.write_compressed(key, value + b" " * 3_000_000, headers)
    records = await world.records()
    await world.refuse(records)
    return records[-1]


async def test_a_letter_that_was_cut_is_replayed_whole_from_its_origin(world: DeadLetterWorld) -> None:
    record = await too_large(world)
    (letter,) = await world.letters()
    assert (letter.cut, letter.size > 3_000_000) == (True, True)
    shown = await world.answer("show", world.topic, "0", "0")
    assert (shown["decodes_now"], shown["whole"], len(shown["value"]["text"].encode())) == (
        True,
        True,
        len(record.value or b""),
    )
    done = await world.command("replay", world.topic)

    assert (done.exit_code, done.stdout, done.stderr) == (0, "1 replayed\n", "")
    assert as_written((await world.records())[1:]) == {
        (record.partition, record.key, record.value, (*record.headers, COUNTED))
    }


async def test_a_letter_that_was_cut_is_refused_once_its_origin_is_gone(world: DeadLetterWorld) -> None:
    record = await too_large(world)
    client = AIOKafkaAdminClient(**connection(world.kafka, "tests"))
    await client.start()
    place = TopicPartition(record.topic, record.partition)
    await client.delete_records({place: RecordsToDelete(before_offset=record.offset + 1)})
    await client.close()

    for arguments in (("replay", world.topic, "--dry-run"), ("replay", world.topic, "--force")):
        done = await world.command(*arguments)
        assert done.exit_code == 1
        assert "its value was cut from 3," in done.stderr
    assert (await world.records(), await world.notes()) == ([], [])
    assert "was cut" in (await world.command("show", world.topic, "0", "0")).stdout


async def test_letters_of_a_topic_that_is_gone_are_refused_and_the_topic_is_not_made_again(
    world: DeadLetterWorld,
) -> None:
    await world.bury(1)
    client = AIOKafkaAdminClient(**connection(world.kafka, "tests"))
    await client.start()
    await client.delete_topics([world.topic])

    async def is_gone() -> bool:
        return world.topic not in await client.list_topics()

    await until(is_gone)
    done = await world.command("replay", world.topic)
    assert done.exit_code == 1
    assert f"there is no topic {world.topic}; create it" in done.stderr
    assert await is_gone()
    await client.close()


async def test_a_topic_without_letters_is_all_done_and_one_that_is_not_there_is_refused(world: DeadLetterWorld) -> None:
    empty, unknown = await world.command("replay", world.topic), await world.command("replay", "no-such-topic")

    assert (empty.exit_code, empty.stdout) == (0, "0 replayed\n")
    assert (unknown.exit_code, unknown.stdout) == (1, "0 replayed; 1 refused\n")
    assert unknown.stderr == (
        "shenava: refused no-such-topic.dead: there is no topic no-such-topic.dead; `shenava dead-letters list` names "
        "those there are\n"
    )


@pytest.mark.parametrize("arguments", [("list",), ("show", "t", "0", "0"), ("replay", "t")])
async def test_without_a_broker_a_command_says_so_in_one_line(arguments: tuple[str, ...]) -> None:
    nowhere = DeadLetterWorld(KafkaSettings(bootstrap="127.0.0.1:9", request_timeout=timedelta(seconds=3)), "t")
    done = await nowhere.command(*arguments)

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("shenava: kafka cannot be read at 127.0.0.1:9")
    assert "SHENAVA_KAFKA_BOOTSTRAP" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "bootstrap"),
    [
        (("list",), "no brokers"),
        (("list", "--since", "yesterday"), "127.0.0.1:9"),
        (("list", "--since", "1h", "--until", "2h"), "127.0.0.1:9"),
        (("replay",), "127.0.0.1:9"),
        (("replay", "t", "--max", "0"), "127.0.0.1:9"),
        (("replay", "t", "--letter", "17"), "127.0.0.1:9"),
        (("replay", "t", "u", "--letter", "0:17"), "127.0.0.1:9"),
    ],
)
async def test_wrong_settings_and_arguments_end_with_exit_code_two(arguments: tuple[str, ...], bootstrap: str) -> None:
    nowhere = DeadLetterWorld(KafkaSettings.model_construct(bootstrap=bootstrap), "t")
    done = await nowhere.command(*arguments)

    assert done.exit_code == 2
    assert done.stderr
