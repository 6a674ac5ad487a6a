"""How the routes read in the OpenAPI document; the routes take raw bodies, so nothing of this is derived for them."""

from typing import Any

import msgspec

from ingestor.answers import AcceptedCorrection, AcceptedFact, AcceptedMention, BulkResult, Channels, ItemResult
from ingestor.corrections import SubmittedCorrection
from ingestor.parsing import Form
from ingestor.submissions import SubmittedFact, SubmittedMention
from shenava.http.openapi import API_KEY, problem_responses, reference

STRUCTS: tuple[type[msgspec.Struct], ...] = (
    SubmittedMention, SubmittedFact, SubmittedCorrection, AcceptedMention, AcceptedFact, AcceptedCorrection,
    ItemResult, BulkResult, Channels,
)  # fmt: skip
ABOUT = """Takes mentions, business facts and corrections in. 202 means that Kafka keeps them; anything else means: send
them again.

All ids are derived from what is submitted, so sending the same again gives the same ids and has no second effect."""

_PERSIAN_COMPLAINT = {
    "channel": "instagram",
    "native_id": "17841400000000001",
    "conversation": "post-5512",
    "author": {"id": "ig:sara_m", "handle": "sara_m", "name": "سارا", "followers": 1830},
    "text": "سه بار به پشتیبانی نیلگون پیام دادم، هنوز جواب نداده‌اند؛ قهوه‌سازم شکسته رسید",
    "posted_at": "2026-03-21T12:00:00+03:30",
    "counts": {"likes": 12, "replies": 3},
}
_ENGLISH_REVIEW = {
    "channel": "google_play",
    "native_id": "gp-90210",
    "author": {"id": "gp:anna.w", "name": "Anna"},
    "text": "Love the app, but since the update the basket empties itself.",
    "rating": 3,
}
_DELETION = {
    "channel": "x",
    "native_id": "1790000000000000001",
    "author": {"id": "x:nilufar"},
    "change": "deleted",
    "revision": "2",
}
_ORDER = {
    "kind": "order",
    "fact_id": "o-10023",
    "occurred_at": "2026-03-21T12:10:00+03:30",
    "values": {"amount": 1250000, "margin": 200000},
    "attributes": {"channel": "instagram", "customer": "c-19", "currency": "IRR", "product": "قهوه‌ساز فیروزه"},
}
_SESSIONS = {
    "kind": "sessions",
    "fact_id": "sessions-2026-03-21-x",
    "values": {"count": 480},
    "attributes": {"channel": "x"},
}
_NOT_A_COMPLAINT = {
    "channel": "instagram",
    "native_id": "17841400000000001",
    "sentiment": "neutral",
    "intent": "question",
    "by": "سارا از پشتیبانی",
    "reason": "شکایت نیست؛ فقط می‌پرسد کی می‌رسد",
    "occurred_at": "2026-03-21T13:05:00+03:30",
}
_SARCASM = {
    "mention_id": "73e06a9d-7175-54f9-b7dd-838119a8288d",
    "sentiment": "negative",
    "by": "anna.w",
    "reason": "sarcasm",
    "occurred_at": "2026-03-21T09:40:00Z",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Accepted and not needed: ids follow from the content, so a repeat never has a second effect.",
}
_REFUSALS = problem_responses(401, 403, 408, 413, 415, 422, 429, 503)

MENTION_EXAMPLES: dict[str, dict[str, Any]] = {
    "persian": _PERSIAN_COMPLAINT,
    "english": _ENGLISH_REVIEW,
    "deletion": _DELETION,
}
FACT_EXAMPLES: dict[str, dict[str, Any]] = {"persian": _ORDER, "english": _SESSIONS}

CORRECTION_EXAMPLES: dict[str, dict[str, Any]] = {"persian": _NOT_A_COMPLAINT, "english": _SARCASM}


def mention_route() -> dict[str, Any]:
    """Keyword arguments of the route that takes mentions."""
    described = _route(SubmittedMention, AcceptedMention, MENTION_EXAMPLES)
    return {"summary": "Submit mentions", "tags": ["mentions"], **described}


def fact_route() -> dict[str, Any]:
    """Keyword arguments of the route that takes facts."""
    return {"summary": "Submit business facts", "tags": ["facts"], **_route(SubmittedFact, AcceptedFact, FACT_EXAMPLES)}


def correction_route() -> dict[str, Any]:
    """Keyword arguments of the route that takes corrections."""
    described = _route(SubmittedCorrection, AcceptedCorrection, CORRECTION_EXAMPLES)
    return {"summary": "Correct how mentions were judged", "tags": ["corrections"], **described}


def channel_route() -> dict[str, Any]:
    """Keyword arguments of the route that lists channels."""
    content = {"application/json": {"schema": reference(Channels)}}
    responses = {200: {"description": "The channels", "content": content}}
    return {"summary": "List the channels", "tags": ["mentions"], "methods": ["GET"], "responses": responses}


def _route(
    submission: type[msgspec.Struct], accepted: type[msgspec.Struct], examples: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    answer = {"oneOf": [reference(accepted), reference(BulkResult)]}
    taken = {"description": "Kept by Kafka", "content": {"application/json": {"schema": answer}}}
    return {
        "methods": ["POST"],
        "status_code": 202,
        "responses": {202: taken, **_REFUSALS},
        "openapi_extra": {
            **API_KEY,
            "parameters": [_IDEMPOTENCY_KEY],
            "requestBody": {"required": True, "content": _bodies(reference(submission), examples)},
        },
    }


def _bodies(one: dict[str, str], examples: dict[str, dict[str, Any]]) -> dict[str, Any]:
    several = list(examples.values())
    single = {name: {"value": value} for name, value in examples.items()}
    as_lines = "".join(msgspec.json.encode(value).decode() + "\n" for value in several)
    return {
        Form.JSON.value: {
            "schema": {"oneOf": [one, {"type": "array", "minItems": 1, "items": one}]},
            "examples": {**single, "several": {"value": several}},
        },
        Form.NDJSON.value: {
            "schema": {"type": "string", "description": "One JSON object a line"},
            "examples": {"several": {"value": as_lines}},
        },
        Form.CLOUDEVENT.value: {
            "schema": _envelope(one),
            "examples": {name: {"value": _enveloped(value)} for name, value in examples.items()},
        },
        Form.CLOUDEVENT_BATCH.value: {
            "schema": {"type": "array", "minItems": 1, "items": _envelope(one)},
            "examples": {"several": {"value": [_enveloped(value) for value in several]}},
        },
    }


def _envelope(data: dict[str, str]) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "description": "CloudEvents 1.0; the binary mode is read too: ce-* headers and the data as the body",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": text,
            "source": text,
            "type": text,
            "time": {"type": "string", "format": "date-time", "description": "Where the data tells no time"},
            "datacontenttype": {"type": "string"},
            "data": data,
        },
    }


def _enveloped(data: dict[str, Any]) -> dict[str, Any]:
    identity = str(data.get("native_id") or data.get("fact_id") or data["mention_id"])
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "/connectors/example",
        "type": "example.said.v1",
        "data": data,
    }
