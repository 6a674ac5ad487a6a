"""The ingestor's OpenAPI document: current, valid, and true to what the ingestor reads."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from openapi_spec_validator import validate

from ingestor.__main__ import openapi_app
from ingestor.kinds import KINDS, Kind
from ingestor.parsing import form_of, parse
from shenava.errors import Invalid
from shenava.http.openapi import document

COMMITTED = Path(__file__).parents[2] / "docs" / "api" / "ingestor.openapi.json"
DOCUMENT: dict[str, Any] = json.loads(document(openapi_app()))


def _examples() -> list[Any]:
    found = []
    for kind in KINDS:
        for media, described in DOCUMENT["paths"][kind.path]["post"]["requestBody"]["content"].items():
            for name, example in described["examples"].items():
                case = (kind, media, described["schema"], example["value"])
                found.append(pytest.param(*case, id=f"{kind.name} {media} {name}"))
    return found


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_bytes() == document(openapi_app()), "run `make api` and read the diff"


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


@pytest.mark.parametrize(("kind", "media", "schema", "value"), _examples())
def test_every_example_is_read_by_the_ingestor_and_allowed_by_the_schema(
    kind: Kind[Any], media: str, schema: dict[str, Any], value: Any
) -> None:
    body = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
    items = parse(body, form_of({"content-type": media}), {}, kind.submission, 10).items
    assert not [item.outcome for item in items if isinstance(item.outcome, Invalid)]
    jsonschema_rs.validate(schema | {"components": DOCUMENT["components"]}, value)


def test_every_route_says_what_it_answers_when_it_refuses() -> None:
    for kind in KINDS:
        responses = DOCUMENT["paths"][kind.path]["post"]["responses"]
        assert set(responses) == {"202", "401", "403", "408", "413", "415", "422", "429", "503"}
        for status, response in responses.items():
            media = "application/json" if status == "202" else "application/problem+json"
            assert list(response["content"]) == [media]
