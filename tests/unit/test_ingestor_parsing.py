"""Bodies in all their forms: what is read, what is refused, and that nobody suffers for a neighbour."""

import json
from typing import Any

import pytest

from ingestor import splitting
from ingestor.parsing import Form, Item, form_of, parse
from ingestor.submissions import SubmittedFact, SubmittedMention
from shenava.errors import Invalid

GOOD: dict[str, Any] = {"channel": "x", "native_id": "1", "author": {"id": "a"}, "text": "سلام"}
RAW = json.dumps(GOOD, ensure_ascii=False).encode()
JSON = {"content-type": "application/json"}
BINARY = JSON | {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
EVENT: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": GOOD}


def _items(body: bytes, form: Form = Form.JSON, limit: int = 100) -> list[Item[SubmittedMention]]:
    return parse(body, form, JSON, SubmittedMention, limit).items


def _refusal(body: bytes, form: Form = Form.JSON) -> Invalid:
    (item,) = _items(body, form)
    assert isinstance(item.outcome, Invalid)
    return item.outcome


def _fact_refusal(members: str) -> Invalid:
    body = ('{"kind":"order","fact_id":"1",' + members + "}").encode()
    (item,) = parse(body, Form.JSON, JSON, SubmittedFact, 1).items
    assert isinstance(item.outcome, Invalid)
    return item.outcome


def _read(items: list[Item[SubmittedMention]]) -> list[str]:
    """The native ids of what was read; the reason of what was not."""
    return [item.outcome.reason if isinstance(item.outcome, Invalid) else item.outcome.native_id for item in items]


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({"content-type": "application/json"}, Form.JSON),
        ({"content-type": 'APPLICATION/JSON; charset="UTF-8"'}, Form.JSON),
        ({"content-type": "application/x-ndjson"}, Form.NDJSON),
        ({"content-type": "application/jsonl"}, Form.NDJSON),
        (BINARY, Form.CLOUDEVENT_BINARY),
        ({"content-type": "application/cloudevents+json"}, Form.CLOUDEVENT),
        ({"content-type": "application/cloudevents-batch+json; charset=utf-8"}, Form.CLOUDEVENT_BATCH),
    ],
)
def test_the_content_type_says_the_form(headers: dict[str, str], form: Form) -> None:
    assert form_of(headers) is form


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/json; charset=utf-16", "application/cloudevents+avro"]
)
def test_an_unknown_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(Invalid) as refused:
        form_of({"content-type": content_type})
    assert refused.value.reason == "unsupported_media_type"


def test_an_object_is_one_item_and_an_array_is_a_bulk() -> None:
    assert not parse(RAW, Form.JSON, JSON, SubmittedMention, 10).bulk
    parsed = parse(b" [" + RAW + b"]", Form.JSON, JSON, SubmittedMention, 10)
    assert parsed.bulk
    assert _read(parsed.items) == ["1"]


@pytest.mark.parametrize("form", [Form.JSON, Form.NDJSON])
def test_a_byte_order_mark_is_skipped(form: Form) -> None:
    assert _read(_items(b"\xef\xbb\xbf" + RAW, form)) == ["1"]


def test_lines_keep_their_numbers_over_blank_ones_and_any_line_end() -> None:
    items = _items(b"\r\n" + RAW + b"\r\n\n  \n" + RAW + b"\n{", Form.NDJSON)
    assert [(item.index, item.line) for item in items] == [(0, 2), (1, 5), (2, 6)]
    assert _read(items) == ["1", "1", "malformed_json"]


def test_of_a_repeated_member_the_last_counts() -> None:
    assert _read(_items(RAW[:-1] + b',"native_id":"2"}')) == ["2"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"text":NaN}', "malformed_json"),
        (b"{" + b'"a":[' * 50_000 + b"]" * 50_000 + b"}", "unknown_field"),
        (b"[" * 50_000 + b"]" * 50_000, "invalid_field"),
        (b'{"channel":"\xff"}', "malformed_json"),
        (b'{"text":"a\x00b"}', "malformed_json"),
        (b'{"text":"\\ud800"}', "malformed_json"),
        (b"", "malformed_json"),
        (b"nonsense", "malformed_json"),
        (b'{"channel":"x",}', "malformed_json"),
        (b'{"a" 1}', "malformed_json"),
        (b"null", "invalid_field"),
        (b'{"channel":"myspace"}', "invalid_field"),
    ],
)
@pytest.mark.parametrize("form", [Form.JSON, Form.NDJSON])
def test_a_broken_item_takes_no_neighbour_with_it(broken: bytes, reason: str, form: Form) -> None:
    if form is Form.NDJSON:
        if not broken:
            return  # a blank line is no item
        body = b"\n".join([RAW, broken, RAW])
    else:
        body = b"[" + b",".join([RAW, broken, RAW]) + b"]"
    assert _read(_items(body, form)) == ["1", reason, "1"]


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b"[" + RAW + b"," + RAW[:-1], ["1", "malformed_json", "malformed_json"]),
        (b"[" + RAW + b",", ["1"]),
        (b"[" + RAW, ["1", "malformed_json"]),
        (b"[" + RAW + b"] [", ["1", "invalid_field"]),
        (b"[" + RAW + b',"no end', ["1", "malformed_json", "malformed_json"]),
    ],
)
def test_an_array_cut_short_gives_what_is_whole(body: bytes, read: list[str]) -> None:
    assert _read(_items(body)) == read


def test_a_tangle_of_brackets_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "_MAX_TOKENS", 1000)
    with pytest.raises(Invalid, match="send one object a line"):
        _items(b"[" + b"[" * 2000)


@pytest.mark.parametrize(
    ("body", "form"), [(b"[]", Form.JSON), (b" \n\n", Form.NDJSON), (b"[]", Form.CLOUDEVENT_BATCH)]
)
def test_nothing_at_all_is_refused(body: bytes, form: Form) -> None:
    with pytest.raises(Invalid) as refused:
        _items(body, form)
    assert refused.value.reason == "empty"


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"[" + b",".join([RAW] * 4) + b"]", Form.JSON),
        (b"[" + b",".join([RAW] * 3 + [b"NaN"]) + b"]", Form.JSON),
        (b"\n".join([RAW] * 4), Form.NDJSON),
    ],
)
def test_more_items_than_allowed_are_refused_as_a_whole(body: bytes, form: Form) -> None:
    with pytest.raises(Invalid, match="may have 3 items") as refused:
        _items(body, form, limit=3)
    assert refused.value.reason == "too_many_items"


@pytest.mark.parametrize(
    ("over", "pointer", "mend"),
    [
        ({"txt": "a"}, "/txt", "known: .*channel, native_id, author"),
        ({"author": {"id": "a", "folowers": 3}}, "/author/folowers", "known: id, handle, name, followers"),
        ({"a/b~c": 1}, "/a~1b~0c", "not known"),
        ({"channel": "tiktok"}, "/channel", "one of: app_store, bale"),
        ({"author": {}}, "/author/id", "'id' is needed"),
        ({"posted_at": "2026-03-21T12:00:00"}, "/posted_at", r"offset, as in 2026-03-21T12:00:00\+03:30"),
        ({"posted_at": "1405/01/01"}, "/posted_at", "offset, as in"),
        ({"posted_at": 1774081800}, "/posted_at", "offset, as in"),
        ({"brand": "Nil Goon"}, "/brand", "small Latin letters"),
        ({"url": "javascript:alert(1)"}, "/url", "only http and https"),
        ({"text": "ب" * 100_001}, "/text", "shorten it"),
        ({"native_id": ""}, "/native_id", "leave the field out"),
        ({"rating": 6}, "/rating", "<= 5"),
        ({"rating": 4.0}, "/rating", "got `float`"),
        ({"counts": {"likes": -1}}, "/counts/likes", ">= 0"),
        ({"counts": {"likes": 10**400}}, "/counts/likes", "<= 9007199254740991"),
        ({"counts": {"lieks": 1}}, "/counts/lieks", "known: likes, shares"),
        ({"author": "sara"}, "/author", "one JSON object"),
        ({"text": None}, "/text", "got `null`"),
    ],
)
def test_a_refusal_points_at_the_member_and_says_how_to_mend_it(over: dict[str, Any], pointer: str, mend: str) -> None:
    refusal = _refusal(json.dumps(GOOD | over).encode())
    assert refusal.pointer == pointer
    with pytest.raises(Invalid, match=mend):
        raise refusal


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ('"values":{"amount":1,"margin":"2"}', "/values/margin"),
        ('"values":{"amount":1e400}', "/values/amount"),
        ('"values":{"Amount":1}', "/values"),
        ('"values":[1]', "/values"),
        ('"attributes":{"a":"b","c":7}', "/attributes/c"),
        ('"attributes":{"a":"' + "x" * 513 + '"}', "/attributes/a"),
        ('"kinds":"order"', "/kinds"),
    ],
)
def test_a_refused_fact_points_at_the_figure_itself(members: str, pointer: str) -> None:
    assert _fact_refusal(members).pointer == pointer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "nothing here"),
        (RAW.decode().encode("utf-16"), "UTF-16"),
        (b'{"text":NaN}', "NaN and Infinity"),
        (b'{"rating":-Infinity}', "NaN and Infinity"),
        (b'{"text":"\\ud83d"}', "surrogate"),
        (b'{"text":"\\\\\\udc00 \\ud83d\\ude00"}', "surrogate"),
        (b'{"text":"a\nb"}', "escape it"),
        (b'{"text":"\xed\xa0\x80"}', "can't decode"),
    ],
)
def test_broken_json_is_explained(body: bytes, words: str) -> None:
    refusal = _refusal(body)
    assert refusal.reason == "malformed_json"
    assert words in refusal.detail


def test_an_emoji_written_as_a_surrogate_pair_is_read() -> None:
    assert _read(_items(RAW[:-1] + b',"conversation":"\\ud83d\\ude00"}')) == ["1"]
