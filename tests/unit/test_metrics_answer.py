"""What may be asked, and how rows become points."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from metrics_api.answer import points
from metrics_api.catalogue import BY_NAME, METRICS
from metrics_api.document import page
from metrics_api.inputs import MentionCount
from metrics_api.question import Interval, Question, ask, buckets, split
from shenava.errors import Invalid

NOW = datetime(2026, 3, 21, 15, 20, tzinfo=UTC)
DAY = datetime(2026, 3, 21, tzinfo=UTC)
TEHRAN = timezone(timedelta(hours=3, minutes=30))


def asked(
    name: str = "reputation_score", *, interval: Interval = "none", group_by: str | None = None, **over: Any
) -> Question:
    given: dict[str, Any] = {"brand": "nilgoon", "now": NOW, "since": DAY, "until": DAY + timedelta(days=2)}
    return split(ask(BY_NAME[name], **given | over), interval=interval, group_by=group_by)


def count(bucket: datetime, outcome: str = "positive", group: str | None = None) -> MentionCount:
    return MentionCount(bucket, group, "fa", outcome, "judge@1", False, 1)


def test_without_a_span_the_last_thirty_days_are_asked_for() -> None:
    question = asked(since=None, until=None)
    assert (question.since, question.until) == (DAY - timedelta(days=29), DAY + timedelta(days=1))


def test_a_day_may_begin_where_the_asker_lives() -> None:
    since = datetime(2026, 3, 21, tzinfo=TEHRAN)
    question = asked(since=since, until=since + timedelta(days=2), interval="day")
    assert buckets(question) == [(since, since + timedelta(days=1)), (since + timedelta(days=1), question.until)]


@pytest.mark.parametrize(
    ("over", "reason", "pointer"),
    [
        ({"until": DAY}, "empty_span", "/query/from"),
        ({"until": DAY - timedelta(days=1)}, "empty_span", "/query/from"),
        ({"since": datetime(2026, 3, 21)}, "no_offset", "/query/from"),  # noqa: DTZ001 - that is the fault
        ({"until": datetime(9999, 12, 31, tzinfo=UTC)}, "outside_the_calendar", "/query/to"),
        ({"since": datetime(1, 1, 1, tzinfo=TEHRAN)}, "outside_the_calendar", "/query/from"),
        ({"until": DAY + timedelta(hours=30), "interval": "day"}, "not_whole_intervals", "/query/to"),
        ({"until": DAY + timedelta(minutes=90), "interval": "hour"}, "not_whole_intervals", "/query/to"),
        ({"since": DAY - timedelta(days=60), "interval": "hour"}, "too_many_buckets", "/query/interval"),
        ({"group_by": "queue"}, "unknown_dimension", "/query/group_by"),
        ({"filters": {"severity": "high"}}, "unknown_dimension", "/query/severity"),
        ({"name": "forgotten_issues", "group_by": "channel"}, "unknown_dimension", "/query/group_by"),
    ],
)
def test_a_question_without_an_answer_is_refused_with_its_place(
    over: dict[str, Any], reason: str, pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        asked(**over)
    assert (refused.value.reason, refused.value.pointer) == (reason, pointer)


def test_every_bucket_has_its_point_and_an_empty_one_has_no_value() -> None:
    question = asked(interval="day")
    found = points(question, [count(DAY)], first=DAY, as_of=NOW)
    assert [point.figure.value for point in found] == [100, None]
    assert [point.figure.reason for point in found] == [None, "not_yet"]


def test_a_count_is_zero_only_where_something_could_have_been_heard() -> None:
    question = asked("mentions", since=DAY - timedelta(days=2), interval="day")
    found = points(question, [], first=DAY - timedelta(days=1, hours=3), as_of=NOW)
    told = [(point.figure.value, point.figure.reason) for point in found]
    assert told == [(0, None), (0, None), (0, None), (None, "not_yet")]
    before = points(question, [], first=DAY, as_of=NOW)
    assert [point.figure.reason for point in before] == ["before_the_first_event"] * 2 + [None, "not_yet"]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_brand_nobody_has_heard_of_has_no_data_in_any_metric(metric: Any) -> None:
    (point,) = points(asked(metric.name), [], first=None, as_of=NOW)
    assert (point.figure.value, point.figure.reason) == (None, "nothing_heard")


def test_groups_come_in_order_and_each_has_all_buckets() -> None:
    question = asked(interval="day", group_by="channel")
    rows = [count(DAY, group="x"), count(DAY, "negative", group="instagram")]
    found = points(question, rows, first=DAY, as_of=NOW)
    assert [(point.group, point.since, point.figure.value) for point in found] == [
        ("instagram", DAY, -100),
        ("instagram", DAY + timedelta(days=1), None),
        ("x", DAY, 100),
        ("x", DAY + timedelta(days=1), None),
    ]


def test_names_and_ids_in_the_catalogue_are_unique() -> None:
    assert len({metric.name for metric in METRICS}) == len({metric.id for metric in METRICS}) == len(METRICS)


def test_the_document_has_a_line_for_every_metric() -> None:
    lines = page().splitlines()
    for metric in METRICS:
        assert sum(f"`{metric.name}`" in line and metric.formula in line for line in lines) == 1
