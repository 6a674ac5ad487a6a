"""The OpenAPI document of a service: msgspec structs, problem details, API keys, and the command that writes it."""

import inspect
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson
import typer
from fastapi import FastAPI

from shenava.http.problems import MEDIA_TYPE

REFERENCE = "#/components/schemas/{name}"
API_KEY: dict[str, Any] = {"security": [{"bearer": []}, {"apiKey": []}]}
"""For ``openapi_extra`` of a route that needs an API key."""

_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The API key as a bearer token"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_PROBLEM = {
    "title": "Problem",
    "description": "Problem details (RFC 9457): what is wrong, where, and how to mend it.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the request's body"},
                    "detail": {"type": "string"},
                    "reason": {"type": "string", "description": "A constant code"},
                },
            },
        },
    },
}


def reference(kind: type[msgspec.Struct]) -> dict[str, str]:
    """A reference to the schema of ``kind``, which is among those given to :func:`describe`."""
    return {"$ref": REFERENCE.format(name=kind.__name__)}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For ``responses`` of a route: each status is answered with problem details."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(name="Problem")}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def describe(app: FastAPI, structs: Sequence[type[msgspec.Struct]] = ()) -> None:
    """Have the document of ``app`` hold the schemas of ``structs``, of problem details and of the API keys."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        document = plain()
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(_schemas(structs), Problem=_PROBLEM)
        components["securitySchemes"] = _SECURITY
        return document

    app.openapi = complete  # type: ignore[method-assign]  # the way FastAPI documents for extending the document


def document(app: FastAPI) -> bytes:
    """The OpenAPI document of ``app`` as it is committed."""
    return orjson.dumps(app.openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def add_command(cli: typer.Typer, make: Callable[[], FastAPI]) -> None:
    """Give ``cli`` the command ``openapi``; ``make`` builds the app without any server."""

    @cli.command("openapi")
    def openapi_command(
        write: Annotated[Path | None, typer.Option(help="Into this file instead of the standard output.")] = None,
    ) -> None:
        """Print the OpenAPI document of the HTTP routes."""
        text = document(make())
        if write is None:
            typer.echo(text, nl=False)
        else:
            write.write_bytes(text)


def _schemas(structs: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(structs, ref_template=REFERENCE)
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return schemas
