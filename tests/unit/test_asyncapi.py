"""The committed AsyncAPI file says what the code does."""

from pathlib import Path

import jsonschema_rs
import msgspec
import yaml

from shenava import topics
from shenava.asyncapi import document
from shenava.testing import builders

COMMITTED = Path(__file__).parents[2] / "docs" / "api" / "asyncapi.yaml"


def test_the_committed_file_is_what_the_events_give() -> None:
    assert yaml.safe_load(COMMITTED.read_text("utf-8")) == document(), "run `make api` and read the difference"


def test_every_topic_and_every_message_is_described() -> None:
    described = document()
    assert {channel["address"] for channel in described["channels"].values()} == set(topics.BY_NAME)
    for topic in topics.ALL:
        channel = described["channels"][topic.name.replace(".", "-")]
        assert set(channel["messages"]) == {event.__name__ for event in topic.events}


def test_a_written_event_is_valid_by_its_published_schema() -> None:
    described = document()
    schema = {"$ref": "#/components/schemas/MentionClassified", "components": described["components"]}
    valid = msgspec.json.decode(msgspec.json.encode(builders.classified()))
    validator = jsonschema_rs.validator_for(schema)
    validator.validate(valid)
    broken = {**valid, "brand": "Not A Brand"}
    assert not validator.is_valid(broken)
