"""What a submitted correction becomes: which mention, which labels, when, and its id."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ingestor.corrections import SubmittedCorrection, correction_event
from ingestor_app import Kafka, app_of, client_of
from shenava import topics
from shenava.codec import decode, encode
from shenava.errors import Invalid
from shenava.events import MentionCorrected
from shenava.ids import mention_id
from shenava.testing.builders import BASE

NOW = BASE + timedelta(days=1)
PERSIAN: dict[str, Any] = {
    "channel": "instagram",
    "native_id": "p-1",
    "sentiment": "neutral",
    "intent": "question",
    "by": "سارا از پشتیبانی",
    "reason": "فقط می‌پرسد کی می‌رسد",
    "occurred_at": "2026-03-21T13:00:00+03:30",
}
ENGLISH: dict[str, Any] = {
    "mention_id": mention_id("default", "x", "1"),
    "language": "fa-Latn",
    "by": "anna.w",
    "occurred_at": "2026-03-21T09:30:00Z",
}


def _event(given: dict[str, Any], *, now: datetime = NOW, said_at: datetime | None = None) -> MentionCorrected:
    return correction_event(msgspec.convert(given, SubmittedCorrection), now, said_at)


@pytest.mark.parametrize("given", [PERSIAN, ENGLISH], ids=["persian", "english"])
def test_a_correction_is_written_and_read_back_as_it_was_said(given: dict[str, Any]) -> None:
    event = _event(given)
    key, value, headers = encode(event, source="ingestor")
    assert decode(value, headers) == event
    assert key.decode() == f"default:{event.mention_id}"
    said = {name: getattr(event, name) for name in ("sentiment", "intent", "language", "by", "reason")}
    assert said == {name: given.get(name) for name in said}
    assert event.occurred_at == datetime(2026, 3, 21, 9, 30, tzinfo=UTC)


def test_channel_and_native_id_name_the_same_mention_as_its_id() -> None:
    told = _event(PERSIAN | {"brand": "nilgoon"})
    assert told.mention_id == mention_id("nilgoon", "instagram", "p-1")
    by_id = {name: value for name, value in PERSIAN.items() if name not in {"channel", "native_id"}}
    assert _event(by_id | {"brand": "nilgoon", "mention_id": told.mention_id}) == told
    assert _event(PERSIAN | {"brand": "nilgoon", "mention_id": told.mention_id}) == told


def test_the_same_correction_has_the_same_id_whenever_it_arrives_and_in_whatever_zone_its_time_is_told() -> None:
    later = _event(PERSIAN | {"occurred_at": "2026-03-21T09:30:00Z"}, now=NOW + timedelta(days=9))
    assert later == _event(PERSIAN)


@pytest.mark.parametrize(
    "over",
    [
        {"sentiment": "negative"},
        {"intent": "lead"},
        {"language": "fa"},
        {"by": "another"},
        {"reason": "another"},
        {"native_id": "p-2"},
        {"brand": "zarrin"},
        {"occurred_at": "2026-03-21T13:00:01+03:30"},
    ],
    ids=lambda over: next(iter(over)),
)
def test_whatever_is_said_otherwise_is_another_correction(over: dict[str, Any]) -> None:
    assert _event(PERSIAN | over).event_id != _event(PERSIAN).event_id


def test_where_only_the_envelope_tells_the_time_it_is_taken() -> None:
    bare = {name: value for name, value in PERSIAN.items() if name != "occurred_at"}
    assert _event(bare, said_at=BASE).occurred_at == BASE


@pytest.mark.parametrize(
    ("over", "reason", "pointer"),
    [
        ({"sentiment": None, "intent": None}, "no_label", ""),
        ({"occurred_at": None}, "missing_field", "/occurred_at"),
        ({"occurred_at": "2026-03-23T00:00:00Z"}, "in_the_future", "/occurred_at"),
        ({"occurred_at": "1969-03-23T00:00:00Z"}, "too_long_ago", "/occurred_at"),
        ({"native_id": None}, "missing_field", "/mention_id"),
        ({"channel": None}, "missing_field", "/channel"),
        ({"mention_id": "m-1"}, "another_mention", "/mention_id"),
        ({"native_id": "p\x1f1"}, "control_character", "/native_id"),
        ({"native_id": None, "mention_id": "a\x00"}, "control_character", "/mention_id"),
        ({"native_id": " p"}, "surrounding_space", "/native_id"),
        ({"by": " \x07 "}, "invalid_field", "/by"),
    ],
)
def test_what_cannot_be_a_correction_is_refused_with_its_place(over: dict[str, Any], reason: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        _event(PERSIAN | over)
    assert (refused.value.reason, refused.value.pointer) == (reason, pointer)


async def test_a_correction_is_answered_with_its_ids_only_after_kafka_has_it() -> None:
    kafka = Kafka()
    async with client_of(app_of(kafka)) as client:
        answer = await client.post("/v1/corrections", json=PERSIAN | {"occurred_at": "2026-03-20T13:00:00Z"})
        kafka.failing = True
        failed = await client.post("/v1/corrections", json=PERSIAN | {"occurred_at": "2026-03-20T13:00:00Z"})
    (record,) = kafka.written
    assert (answer.status_code, failed.status_code) == (202, 503)
    assert record.topic == topics.MENTIONS_CORRECTED.name
    assert answer.json() == {
        "mention_id": mention_id("default", "instagram", "p-1"),
        "event_id": dict(record.headers)["ce_id"].decode(),
    }


async def test_a_key_without_the_scope_or_the_brand_corrects_nothing() -> None:
    kafka = Kafka()
    app = app_of(kafka)
    async with client_of(app, "mentions") as half, client_of(app, "nilgoon") as one_brand:
        without_scope = await half.post("/v1/corrections", json=PERSIAN)
        of_another = await one_brand.post("/v1/corrections", json=PERSIAN | {"brand": "zarrin"})
    assert (without_scope.status_code, of_another.status_code) == (403, 403)
    assert "corrections:write" in without_scope.json()["detail"]
    assert kafka.written == []


async def test_a_misspelt_label_is_refused_with_the_ones_there_are() -> None:
    async with client_of(app_of(Kafka())) as client:
        answer = await client.post("/v1/corrections", json=PERSIAN | {"sentiment": "angry"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, "/sentiment")
    assert "negative, neutral, positive" in error["detail"]
