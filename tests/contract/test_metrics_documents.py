"""The committed documents are what the code writes."""

from pathlib import Path
from typing import Any

import openapi_spec_validator
import orjson
import pytest

from metrics_api import document
from metrics_api.__main__ import openapi_app
from shenava.http import openapi

DOCS = Path(__file__).parents[2] / "docs"
OPENAPI = DOCS / "api" / "metrics-api.openapi.json"


@pytest.fixture(scope="module")
def described() -> Any:
    return orjson.loads(openapi.document(openapi_app()))


def test_the_committed_openapi_document_is_what_the_application_describes(described: Any) -> None:
    assert orjson.loads(OPENAPI.read_bytes()) == described, "run `make api` and read the difference"


def test_the_openapi_document_is_valid(described: Any) -> None:
    openapi_spec_validator.validate(described)


def test_every_route_needs_a_key_and_tells_its_problems(described: Any) -> None:
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["security"], path
            assert {"401", "403"} <= operation["responses"].keys(), path


def test_the_committed_table_of_metrics_is_what_the_catalogue_says() -> None:
    committed = (DOCS / "metrics.md").read_text("utf-8")
    assert committed == document.page(), "run `metrics-api catalogue --write docs/metrics.md`"
