"""The CEL adapter: a condition is true, false, or failed, and never anything in between."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import cel
from router.cel_tokens import Kind, searches, tokens
from router.facts import UNKNOWN, VOCABULARY, Facts, facts, shown
from router.plain_text import LONGEST, plain
from shenava.events.mentions import Author, Counts
from shenava.testing.builders import BASE, classification, classified


def holds(condition: str, **known: object) -> bool | cel.Failed:
    given_facts: Facts = {**UNKNOWN, **known}  # type: ignore[dict-item]  # tests give what they like
    return cel.condition(condition).holds(cel.bind(given_facts))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('sentiment == "negative"', True),
        ('sentiment != "negative"', False),
        ('text.contains("سفارش") && followers > 100', True),
        ('text.matches("(^| )نرسید")', True),
        ('channel in ["x", "instagram"]', True),
        ("confidence >= 0.75", True),
        ("low_confidence || verified", False),
        ('posted_at.getHours("Asia/Tehran") == 12 && hour == 8', True),
        ('["سفارش", "ارسال"].exists(word, text.contains(word))', True),
        ("text.size() > 3 ? rating == 0 : false", True),
    ],
)
def test_a_condition_says_whether_it_holds(condition: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    known = facts(classified("fa", text="سفارش من نرسید"))
    assert cel.condition(condition).holds(cel.bind(known)) is expected


def test_division_by_zero_and_endless_iteration_are_failures_and_not_no_match() -> None:
    assert holds("100 / followers > 1") == cel.Failed("INVALID_ARGUMENT: divide by zero")
    hundred = f"[{', '.join(['1'] * 150)}]"
    failed = holds(f"{hundred}.all(a, {hundred}.all(b, a + b + followers > 0))", followers=1)
    assert isinstance(failed, cel.Failed)
    assert "budget" in failed.reason


def test_a_fact_of_the_wrong_type_is_a_failure() -> None:
    assert isinstance(holds("followers > 1", followers="many"), cel.Failed)


def test_a_condition_knows_what_it_reads_and_nothing_of_what_it_only_quotes() -> None:
    condition = cel.condition('rating < 3 && text.contains("channel likes") // shares\n && rating > 0')
    assert condition.reads == ("rating", "text")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('intent == "refund" && nothing', 1, 23), ('text.contains("ی")\n&& rating', 2, 1), ("سفارش", 1, 1), ("1 +", 1, 4)],
)
def test_an_error_names_its_line_and_column_in_characters(text: str, line: int, column: int) -> None:
    with pytest.raises(cel.InvalidCondition) as refused:
        cel.condition(text)
    assert (refused.value.line, refused.value.column) == (line, column)


def test_literals_are_read_as_the_compiler_reads_them() -> None:
    assert cel.literal(r"'a\n'") == "a\n"
    assert cel.literal(r'r"\d"') == r"\d"
    assert cel.pattern_problem("(") is not None
    assert cel.pattern_problem(r"\pL+|سفارش") is None


def test_tokens_are_found_at_their_places() -> None:
    found = list(tokens('rating >= 3 // no "string"\n || r"\\" == """a"b"""'))
    assert [(token.kind, token.text) for token in found] == [
        (Kind.NAME, "rating"),
        (Kind.SIGN, ">="),
        (Kind.NUMBER, "3"),
        (Kind.SIGN, "||"),
        (Kind.STRING, 'r"\\"'),
        (Kind.SIGN, "=="),
        (Kind.STRING, '"""a"b"""'),
    ]
    assert [(token.line, token.column) for token in found[2:5]] == [(1, 11), (2, 2), (2, 5)]


def test_what_is_not_known_of_a_mention_is_zero_false_or_empty() -> None:
    bare = classified(
        author=Author(id="u-9"),
        classification=classification(
            status="unscored", reason="unsupported_language", sentiment=None, intent=None, confidence=None,
            probabilities=None, intent_confidence=None, language="ar",
        ),
    )  # fmt: skip
    known = facts(bare)
    assert {name: known[name] for name in ("sentiment", "intent", "role", "handle")} == dict.fromkeys(
        ("sentiment", "intent", "role", "handle"), ""
    )
    assert (known["followers"], known["likes"], known["rating"], known["confidence"]) == (0, 0, 0, 0.0)
    assert (known["status"], known["reason"], known["language"]) == ("unscored", "unsupported_language", "ar")


def test_the_facts_of_a_mention_have_the_names_and_types_that_conditions_are_checked_against() -> None:
    full = classified(counts=Counts(likes=3, shares=2, replies=1, views=90), rating=2, in_reply_to="p-0")
    known = facts(full)
    assert known.keys() == UNKNOWN.keys()
    assert {name: type(value) for name, value in known.items()} == {
        name: type(value) for name, value in UNKNOWN.items()
    }
    assert VOCABULARY.keys() <= known.keys()
    assert (known["views"], known["is_reply"], known["negativity"]) == (90, True, 0.75)


def test_values_are_shown_short_enough_for_an_event() -> None:
    assert shown("س" * 2000) == "س" * 512
    assert (shown(value=True), shown(3), shown(BASE)) == ("true", "3", "2026-03-21T08:30:00+00:00")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("سفارشم كي مي‌رسه؟", "سفارشم کی می رسه؟"),
        ("Order NO. ۱٢3", "order no. 123"),
        ("مسئلهٔ من", "مسیله من"),
        ("عااااالی", "عاالی"),
        ("#نيلگون", "#نیلگون"),
        ("  a \n b ", "a b"),
    ],
)
def test_a_keyword_is_found_however_it_was_typed(written: str, read: str) -> None:
    assert plain(written) == read


@given(st.text(max_size=300))
def test_plain_text_is_bounded_and_without_capitals(text: str) -> None:
    assert len(plain(text * 20)) <= LONGEST
    assert plain(text) == plain(text).casefold()


@pytest.mark.parametrize(
    ("condition", "calls"),
    [
        ("text.matches(\"a\") && !handle.matches('b')", [("text", '"a"'), ("handle", "'b'")]),
        ('text . matches ( r"""a""" ) // text.matches("b")', [("text", 'r"""a"""')]),
        ('"text.matches(\\"a\\")" == text', []),
        ('text.matches("a" + "b")', []),
        ('["a"].exists(text, text.matches("a"))', []),
        ('other.text.matches("a") || other.matches("a")', []),
        ("text.matches(", []),
    ],
)
def test_only_a_plain_search_of_a_fact_is_taken_over(condition: str, calls: list[tuple[str, str]]) -> None:
    rewritten, found = searches(condition, ["text", "handle"])
    assert found == calls
    assert rewritten.count("_found") == len(calls)
    assert bool(calls) or rewritten == condition


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('["نرسید", "شکست"].exists(word, text.matches("(^| )" + word))', True),
        ('["x"].exists(text, text.matches("x"))', True),
        ('text.matches("شکست") || text.matches("رسید$")', True),
        ('text.matches("شکست") && text.matches("رسید$")', False),
    ],
)
def test_searches_of_all_kinds_find_the_same(condition: str, *, expected: bool) -> None:
    assert holds(condition, text="سفارش من نرسید") is expected


def test_evaluating_keeps_nothing() -> None:
    search = cel.condition('text.matches("(^| )نرسید") || handle.matches("a") || text.matches("شکست")')

    def evaluate(times: int) -> None:
        for turn in range(times):
            assert search.holds(cel.bind({**UNKNOWN, "text": f"سفارش {turn} من هنوز نیامده"})) is False

    evaluate(100)
    before = sys.getallocatedblocks()
    evaluate(5_000)
    assert sys.getallocatedblocks() - before < 500, "each evaluation leaves something behind"
