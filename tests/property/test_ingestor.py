"""Submissions of every shape: ids depend on what is said and on nothing else, and no body breaks the reader."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from ingestor.parsing import Form, parse
from ingestor.submissions import SubmittedFact, SubmittedMention, fact_event, to_event
from shenava.codec import decode, encode
from shenava.errors import Invalid
from shenava.events import MentionReceived

GOOD: dict[str, Any] = {"channel": "x", "native_id": "1", "author": {"id": "a"}, "text": "سلام"}
NOW = datetime(2026, 11, 23, tzinfo=UTC)

ids = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=20)
names = st.none() | st.text(max_size=20)
figures = st.none() | st.integers(0, 2**53 - 1)
instants = st.datetimes(datetime(1970, 1, 2), datetime(2026, 11, 22)).map(  # noqa: DTZ001 - the strategy wants naive bounds
    lambda naive: naive.replace(tzinfo=UTC).isoformat()
)


def _without_none(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that leave out what is unknown."""
    return st.fixed_dictionaries(members).map(
        lambda chosen: {name: value for name, value in chosen.items() if value is not None}
    )


authors = _without_none(id=ids, handle=names, name=names, followers=figures, verified=st.booleans())
mentions = _without_none(
    channel=st.sampled_from(["instagram", "telegram", "x", "app_store", "email"]),
    native_id=ids,
    author=authors,
    text=st.text(max_size=200),
    brand=st.sampled_from(["default", "nilgoon"]),
    conversation=st.none() | ids,
    posted_at=st.none() | instants,
    change=st.sampled_from(["posted", "edited", "deleted"]),
    revision=st.none() | ids,
    lane=st.sampled_from(["live", "backfill"]),
    url=st.none() | st.just("https://example.com/نیلگون"),
    in_reply_to=st.none() | ids,
    rating=st.none() | st.integers(1, 5),
    counts=st.none() | _without_none(likes=figures, shares=figures, replies=figures, views=figures),
)
facts = _without_none(
    kind=st.sampled_from(["order", "sessions", "lead"]),
    fact_id=ids,
    occurred_at=st.none() | instants,
    values=st.dictionaries(st.from_regex("[a-z][a-z0-9_]{0,10}", fullmatch=True), st.floats(-1e15, 1e15), max_size=4),
    attributes=st.dictionaries(st.from_regex("[a-z]{1,8}", fullmatch=True), st.text(max_size=30), max_size=4),
)


def _read(submitted: dict[str, Any], *, escaped: bool = False, shuffle: int | None = None) -> SubmittedMention:
    members = list(submitted.items())
    if shuffle is not None:
        random.Random(shuffle).shuffle(members)  # noqa: S311 - any order will do
    body = json.dumps(dict(members), ensure_ascii=escaped, indent=shuffle).encode()
    (item,) = parse(body, Form.JSON, {}, SubmittedMention, 1).items
    assert not isinstance(item.outcome, Invalid), item.outcome
    return item.outcome


def _event(submitted: dict[str, Any], now: datetime = NOW) -> MentionReceived:
    return to_event(_read(submitted), now)


def _unmarked(submitted: dict[str, Any]) -> dict[str, Any]:
    """Without the caller's own word on which form it is."""
    return {name: value for name, value in submitted.items() if name != "revision"}


@given(mentions)
def test_an_accepted_mention_is_an_event_that_reads_back_as_it_was_written(submitted: dict[str, Any]) -> None:
    event = _event(submitted)
    _, value, headers = encode(event, source="ingestor")
    assert decode(value, headers) == event


@given(facts)
def test_an_accepted_fact_is_an_event_that_reads_back_as_it_was_written(submitted: dict[str, Any]) -> None:
    event = fact_event(msgspec.convert(submitted, SubmittedFact), NOW)
    _, value, headers = encode(event, source="ingestor")
    assert decode(value, headers) == event


@given(mentions, st.integers(1, 7), st.timedeltas(timedelta(), timedelta(days=3650)))
def test_the_same_said_again_has_the_same_ids_however_it_is_written(
    submitted: dict[str, Any], shuffle: int, later: timedelta
) -> None:
    first = _event(submitted)
    again = to_event(_read(submitted | {"lane": "live"}, escaped=True, shuffle=shuffle), NOW + later)
    assert (again.event_id, again.mention.mention_id) == (first.event_id, first.mention.mention_id)
    assert again.key == first.key


@given(mentions, mentions)
def test_another_content_of_one_mention_is_another_event_of_the_same_mention(
    submitted: dict[str, Any], other: dict[str, Any]
) -> None:
    same = {name: submitted[name] for name in ("channel", "native_id", "brand")}
    first, second = _event(_unmarked(submitted)), _event(_unmarked(other | same))
    said = {name: getattr(first.mention, name) for name in ("text", "author", "conversation", "counts", "rating")}
    assume(any(getattr(second.mention, name) != value for name, value in said.items()))
    assert first.event_id != second.event_id
    assert first.mention.mention_id == second.mention.mention_id


@given(mentions, mentions)
def test_two_mentions_never_share_an_id(submitted: dict[str, Any], other: dict[str, Any]) -> None:
    identity = ("channel", "native_id", "brand")
    assume(any(submitted[name] != other[name] for name in identity))
    first, second = _event(submitted), _event(other)
    assert first.mention.mention_id != second.mention.mention_id
    assert first.event_id != second.event_id


junk = st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | st.from_regex(rb'[\[\]{},":x1 ]{0,40}')


@given(junk)
def test_whatever_stands_in_a_line_its_neighbours_are_read(line: bytes) -> None:
    good = json.dumps(GOOD).encode()
    items = parse(b"\n".join([good, line.replace(b"\n", b" "), good]), Form.NDJSON, {}, SubmittedMention, 9).items
    outcomes = [item.outcome for item in items]
    assert isinstance(outcomes[0], SubmittedMention)
    assert isinstance(outcomes[-1], SubmittedMention)
    assert [item.line for item in (items[0], items[-1])] == [1, 3]


@given(junk, st.sampled_from(list(Form)))
def test_no_body_does_more_than_be_refused(body: bytes, form: Form) -> None:
    try:
        items = parse(body, form, {"ce-specversion": "1.0"}, SubmittedMention, 5).items
    except Invalid as error:
        assert error.reason  # noqa: PT017 - the one exception that a caller is told
        return
    assert items
    for item in items:
        assert isinstance(item.outcome, SubmittedMention | Invalid)


@given(st.lists(st.sampled_from([b"NaN", b'{"text":', b"}", b'{"a":1', b"x"]), min_size=1, max_size=5))
def test_broken_elements_behind_it_never_harm_an_element(broken: list[bytes]) -> None:
    body = b"[" + b",".join([json.dumps(GOOD).encode(), *broken]) + b"]"
    items = parse(body, Form.JSON, {}, SubmittedMention, 99).items
    assert isinstance(items[0].outcome, SubmittedMention)
    assert all(isinstance(item.outcome, Invalid) for item in items[1:])
