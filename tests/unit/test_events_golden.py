"""Golden events: what was ever written must be read for ever, and an event type may only grow.

``UPDATE_GOLDEN=1 pytest tests/unit/test_events_golden.py`` writes the files of a changed event anew. A schema is
replaced only by one that reads all the old one read; an example is never replaced, the new one is put beside it.
"""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from shenava.codec import decode, encode
from shenava.events import ALL, Event
from shenava.testing.builders import one_of_each
from shenava.topics import ALL as TOPICS

GOLDEN = Path(__file__).parent.parent / "golden"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
REMARKS = {"description", "title"}  # words may change, meanings may not

Json = dict[str, Any]


def _schema(kind: type[Event]) -> Json:
    schema: Json = json.loads(json.dumps(_without_remarks(msgspec.json.schema(kind))))
    return schema


def _without_remarks(node: Any, *, names: bool = False) -> Any:
    """Without descriptions; where ``names`` are properties, none of them is taken for one."""
    if isinstance(node, dict):
        kept = {name: inner for name, inner in node.items() if names or name not in REMARKS}
        return {name: _without_remarks(inner, names=name in {"properties", "$defs"}) for name, inner in kept.items()}
    return [_without_remarks(inner) for inner in node] if isinstance(node, list) else node


def _example(event: Event) -> Json:
    key, value, headers = encode(event, source="golden")
    return {
        "key": key.decode(),
        "headers": {name: told.decode() for name, told in headers},
        "value": json.loads(value),
    }


def _examples(kind: type[Event]) -> list[Path]:
    return sorted((GOLDEN / "examples" / kind.TYPE).glob("*.json"))


def _text(content: Json) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _decoded(golden: Json) -> Event:
    headers = [(name, told.encode()) for name, told in golden["headers"].items()]
    return decode(json.dumps(golden["value"]).encode(), headers)


EVERY_KIND = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.TYPE)
EVERY_EXAMPLE = pytest.mark.parametrize(
    "path", [path for kind in ALL for path in _examples(kind)], ids=lambda path: f"{path.parent.name}-{path.stem}"
)


@EVERY_KIND
def test_the_schema_of_an_event_is_the_golden_one(kind: type[Event]) -> None:
    path = GOLDEN / "schemas" / f"{kind.TYPE}.json"
    if UPDATE:
        if path.exists():
            _require_growth(json.loads(path.read_text()), _schema(kind), kind.TYPE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(_schema(kind)))

    assert json.loads(path.read_text()) == _schema(kind), f"{kind.TYPE} has changed; see the head of {__file__}"


@EVERY_KIND
def test_the_newest_golden_example_is_what_is_written_today(kind: type[Event]) -> None:
    (event,) = (event for event in one_of_each() if type(event) is kind)
    written = _example(event)
    if UPDATE and (not _examples(kind) or json.loads(_examples(kind)[-1].read_text()) != written):
        path = GOLDEN / "examples" / kind.TYPE / f"{len(_examples(kind)) + 1:02}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(written))

    assert json.loads(_examples(kind)[-1].read_text()) == written


@EVERY_EXAMPLE
def test_every_golden_example_is_still_read(path: Path) -> None:
    golden = json.loads(path.read_text())
    event = _decoded(golden)

    assert path.parent.name == event.TYPE
    assert event.key == golden["key"]
    assert _example(event)["value"].items() >= golden["value"].items()


@EVERY_EXAMPLE
def test_every_golden_example_satisfies_the_published_schema(path: Path) -> None:
    kind = next(kind for kind in ALL if path.parent.name == kind.TYPE)
    schema = json.loads(json.dumps(msgspec.json.schema(kind)))
    jsonschema_rs.validate(schema, json.loads(path.read_text())["value"])


@EVERY_EXAMPLE
def test_what_a_newer_writer_adds_does_not_stop_an_older_reader(path: Path) -> None:
    golden = json.loads(path.read_text())
    newer = golden | {"value": golden["value"] | {"added_later": {"any": ["thing"]}}}

    assert _decoded(newer) == _decoded(golden)


def test_every_event_type_has_a_version_a_topic_and_a_name_of_its_own() -> None:
    assert len({kind.TYPE for kind in ALL}) == len(ALL)
    assert all(kind.TYPE.startswith("shenava.") and kind.TYPE.endswith(".v1") for kind in ALL)
    assert {kind for topic in TOPICS for kind in topic.events} == set(ALL)
    assert {type(event) for event in one_of_each()} == set(ALL)


def test_no_golden_file_is_left_of_an_event_that_is_gone() -> None:
    kinds = {kind.TYPE for kind in ALL}

    assert {path.stem for path in (GOLDEN / "schemas").iterdir()} == kinds
    assert {path.name for path in (GOLDEN / "examples").iterdir()} == kinds


TEXT = {"type": "string", "maxLength": 9}
OLD: Json = {"type": "object", "properties": {"a": {"enum": ["x"]}, "b": TEXT}, "required": ["a"]}
UPPER_BOUNDS = {"maxLength", "maximum", "maxItems", "maxProperties"}
LOWER_BOUNDS = {"minLength", "minimum", "minItems", "minProperties"}


@pytest.mark.parametrize(
    ("change", "grows"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"properties": OLD["properties"] | {"c": {"type": "integer"}}}, True, id="a field more"),
        pytest.param({"properties": OLD["properties"] | {"a": {"enum": ["x", "y"]}}}, True, id="a value more"),
        pytest.param({"required": []}, True, id="no longer required"),
        pytest.param({"properties": OLD["properties"] | {"b": TEXT | {"maxLength": 10}}}, True, id="a longer text"),
        pytest.param({"properties": OLD["properties"] | {"b": TEXT | {"maxLength": 8}}}, False, id="a shorter text"),
        pytest.param({"properties": OLD["properties"] | {"b": TEXT | {"pattern": "z"}}}, False, id="a pattern"),
        pytest.param({"required": ["a", "b"]}, False, id="required from now on"),
        pytest.param({"properties": {"a": {"enum": ["x"]}}}, False, id="a field less"),
        pytest.param({"properties": OLD["properties"] | {"a": {"enum": ["y"]}}}, False, id="a value less"),
        pytest.param({"properties": OLD["properties"] | {"b": {"type": "integer"}}}, False, id="another type"),
    ],
)
def test_a_schema_may_only_grow(change: Json, *, grows: bool) -> None:
    new = {"$defs": {"E": OLD | change}}
    if grows:
        _require_growth({"$defs": {"E": OLD}}, new, "E")
    else:
        with pytest.raises(AssertionError):
            _require_growth({"$defs": {"E": OLD}}, new, "E")


def _require_growth(old: Any, new: Any, place: str) -> None:
    """Whatever ``old`` lets through, ``new`` must let through as well."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        name = place.rpartition("/")[2]
        wider = (name in UPPER_BOUNDS and old <= new) or (name in LOWER_BOUNDS and old >= new)
        assert old == new or wider, f"{place} changes from {old!r} to {new!r}"
        return
    assert set(new.get("required", [])) <= set(old.get("required", [])), f"{place} requires more than before"
    assert set(old.get("enum", [])) <= set(new.get("enum", [])), f"{place} takes fewer values than before"
    bounds = UPPER_BOUNDS | LOWER_BOUNDS | {"pattern", "format"}
    assert not bounds & (new.keys() - old.keys()), f"{place} has a bound it had not before"
    for name in old.keys() - {"required", "enum"}:
        assert name in new, f"{place} has no {name} any more"
        _require_growth(old[name], new[name], f"{place}/{name}")
