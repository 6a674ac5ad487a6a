"""Whatever some other producer may write: it is put aside as it came, and its neighbours are handled."""

from collections.abc import Sequence

import pytest

from consumer_world import World, told, turn
from shenava.codec import encode
from shenava.testing.builders import received

VALUE = encode(received(), source="ingestor")[1]
HEADERS = encode(received(), source="ingestor")[2]
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        pytest.param(None, HEADERS, "tombstone", id="tombstone"),
        pytest.param(b"", HEADERS, "malformed_json", id="empty"),
        pytest.param(VALUE[:-9], HEADERS, "malformed_json", id="cut off"),
        pytest.param(VALUE.replace(b'"text":"', b'"text":"\xff'), HEADERS, "malformed_json", id="not UTF-8"),
        pytest.param(VALUE.replace(b'"text":"', b'"text":"\\ud800'), HEADERS, "malformed_json", id="half a surrogate"),
        pytest.param(VALUE.replace(b'"text":"', b'"text":"\x00'), HEADERS, "malformed_json", id="raw NUL"),
        pytest.param(VALUE.replace(b'"text":"', b'"text":"\\u0000'), HEADERS, "null_character", id="escaped NUL"),
        pytest.param(VALUE[:-1] + b',"x":NaN}', HEADERS, "malformed_json", id="NaN"),
        pytest.param(VALUE.replace(b":1200", b":1e999"), HEADERS, "invalid_field", id="beyond a float"),
        pytest.param(VALUE[:-1] + b',"x":' + b"[" * 10_000, HEADERS, "too_deep", id="10,000 deep"),
        pytest.param(VALUE.replace(b'"t-1"', b"7"), HEADERS, "invalid_field", id="wrong type"),
        pytest.param(VALUE.replace(b"instagram", b"myspace"), HEADERS, "invalid_field", id="unknown channel"),
        pytest.param(VALUE.replace(b"2026-03-21T", b"9999-12-31T"), HEADERS, "instant_out_of_range", id="year 9999"),
        pytest.param(VALUE.replace(b"2026-03-21T", b"2026-02-30T"), HEADERS, "invalid_field", id="30 February"),
        pytest.param(VALUE, [], "not_a_cloudevent", id="no headers"),
        pytest.param(VALUE, HEADERS[1:], "not_a_cloudevent", id="no spec version"),
        pytest.param(VALUE, [("ce_specversion", b"0.3"), *HEADERS[1:]], "unknown_spec_version", id="CloudEvents 0.3"),
        pytest.param(
            VALUE,
            [*HEADERS, ("ce_type", b"shenava.mention.received.v2")],
            "unknown_event_type",
            id="a version to come",
        ),
        pytest.param(VALUE, [*HEADERS, ("ce_type", b"\xff\xfe")], "not_a_cloudevent", id="type not UTF-8"),
        pytest.param(b"[]", STRUCTURED, "invalid_field", id="structured: no object"),
        pytest.param(b'{"specversion":"1.0","data":{}}', STRUCTURED, "not_a_cloudevent", id="structured: no type"),
        pytest.param(b'{"specversion":1,"type":"x","data":1}', STRUCTURED, "not_a_cloudevent", id="structured: number"),
        pytest.param(b"[" * 10_000, STRUCTURED, "invalid_field", id="structured: 10,000 deep"),
    ],
)
async def test_what_cannot_be_read_is_dead_lettered_as_it_came_and_its_neighbours_are_handled(
    value: bytes | None, headers: Sequence[tuple[str, bytes]], reason: str
) -> None:
    world = World()
    world.write()
    odd = world.write_raw(value, headers)
    world.write()

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 3})

    assert world.handler.batches == [[(0, 0), (0, 2)]]
    (letter,) = world.dead
    assert (letter.key, letter.value, letter.headers[: len(headers)]) == (odd.key, value, tuple(headers))
    assert (told(letter)["reason"], told(letter)["offset"]) == (reason, "1")


@pytest.mark.parametrize("missing", ["content-type", "ce_time"])
async def test_a_header_without_a_value_stops_nobody(missing: str) -> None:
    world = World()
    without: list[tuple[str, bytes]] = [(name, None if name == missing else told) for name, told in HEADERS]  # type: ignore[misc]  # Kafka allows it, and aiokafka hands it on
    world.write_raw(VALUE, without)
    world.write_raw(b"[]", without)

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 2})

    assert (world.handler.handled, len(world.dead)) == ([(0, 0)], 1)


async def test_structured_events_are_read_as_well() -> None:
    world = World()
    world.write_raw(
        b'{"specversion":"1.0","id":"1","source":"/x","type":"shenava.mention.received.v1","data":' + VALUE + b"}",
        STRUCTURED,
    )

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 1})

    assert world.handler.handled == [(0, 0)]
