"""The router's OpenAPI document: current, valid, and true to what the router answers."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from openapi_spec_validator import validate

from router.__main__ import openapi_app
from router.answers import HistoryEntry, IssueDetail, IssueMention, IssuePage
from router.commands import ROUTES
from router.issue import evolve, opened
from shenava.events.issues import Decision
from shenava.http.openapi import document
from shenava.testing.builders import classification, issue_opened, issue_routed, mention

COMMITTED = Path(__file__).parents[2] / "docs" / "api" / "router.openapi.json"
DOCUMENT: dict[str, Any] = json.loads(document(openapi_app()))

ROUTED = issue_routed()
ISSUE = evolve(opened(issue_opened()), ROUTED)
DETAIL = IssueDetail(
    **msgspec.structs.asdict(ISSUE),
    history=(
        HistoryEntry(
            sequence=2,
            type=ROUTED.TYPE,
            occurred_at=ROUTED.occurred_at,
            event=msgspec.Raw(msgspec.json.encode(ROUTED)),
        ),
    ),
    mentions=(
        IssueMention(
            added_at=ROUTED.occurred_at,
            mention=mention(),
            classification=classification(),
            decision=Decision(rule_id="complaint", rulebook_version="r1"),
        ),
    ),
)


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_bytes() == document(openapi_app()), "run `make api` and read the diff"


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_every_command_has_a_documented_route() -> None:
    assert {path.rpartition("/")[2] for path in DOCUMENT["paths"] if path.count("/") == 4} == set(ROUTES)
    for path, methods in DOCUMENT["paths"].items():
        for described in methods.values():
            assert described["summary"], path
            assert {"200", "401", "403", "422", "503"} <= described["responses"].keys(), path


@pytest.mark.parametrize(
    ("name", "answer"), [("Issue", ISSUE), ("IssueDetail", DETAIL), ("IssuePage", IssuePage(items=(ISSUE,)))]
)
def test_what_is_answered_is_what_the_document_says(name: str, answer: Any) -> None:
    schema = DOCUMENT["components"]["schemas"][name] | {"components": DOCUMENT["components"]}
    jsonschema_rs.validate(schema, json.loads(msgspec.json.encode(answer)))


@pytest.mark.parametrize("name", ROUTES)
def test_the_bodies_of_the_document_are_those_that_are_read(name: str) -> None:
    described = DOCUMENT["paths"][f"/v1/issues/{{issue_id}}/{name}"]["post"]["requestBody"]
    assert described["content"]["application/json"]["schema"]["properties"].keys() == ROUTES[name].model_fields.keys()
