"""The formulas against tables computed by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from metrics_api import formulas
from metrics_api.figures import median, percentage, percentile_95, rounded, seconds, wilson
from metrics_api.inputs import Account, IssueCount, LevelCount, MentionCount, PlaceCount

NOW = datetime(2026, 3, 22, tzinfo=UTC)
BUCKET = datetime(2026, 3, 21, tzinfo=UTC)


def counts(*told: tuple[str, str, int], model: str = "judge@1", corrected: bool = False) -> list[MentionCount]:
    """Rows of (language, outcome, mentions)."""
    return [MentionCount(BUCKET, None, language, outcome, model, corrected, n) for language, outcome, n in told]


def reputation(*told: tuple[str, str, int]) -> Any:
    return formulas.reputation_score(counts(*told), NOW)


def test_net_sentiment_is_100_times_positive_minus_negative_over_all_scored() -> None:
    figure = reputation(("fa", "positive", 6), ("fa", "negative", 3), ("en", "neutral", 1))
    assert figure.value == 30
    assert figure.n == 10
    assert figure.detail["index"] == 65
    assert (figure.detail["positive"], figure.detail["neutral"], figure.detail["negative"]) == (6, 1, 3)


def test_thirds_are_rounded_to_six_places_half_to_even() -> None:
    figure = reputation(("fa", "positive", 2), ("fa", "negative", 1))
    assert figure.value == Decimal("33.333333")
    assert figure.detail["index"] == Decimal("66.666667")


def test_each_language_is_told_alone() -> None:
    languages = reputation(("fa", "positive", 3), ("fa", "negative", 1), ("fa-Latn", "negative", 2)).detail["languages"]
    assert list(languages) == ["fa", "fa-Latn"]
    assert (languages["fa"]["net"], languages["fa"]["index"], languages["fa"]["n"]) == (50, 75, 4)
    assert (languages["fa-Latn"]["net"], languages["fa-Latn"]["n"]) == (-100, 2)


def test_unscored_mentions_are_told_and_never_counted_as_neutral() -> None:
    figure = reputation(("fa", "positive", 1), ("ar", "unsupported_language", 2), ("und", "empty_text", 1))
    assert figure.value == 100
    assert figure.detail["unscored"] == {"empty_text": 1, "unsupported_language": 2}
    assert figure.detail["unscored_share"] == Decimal("0.75")
    assert list(figure.detail["languages"]) == ["fa"]


def test_a_number_tells_how_many_of_its_mentions_count_by_corrected_labels() -> None:
    told = (("fa", "positive", 2), ("und", "empty_text", 1))
    rows = [*counts(*told, corrected=True), *counts(("fa", "negative", 4))]
    assert formulas.reputation_score(rows, NOW).corrected == 2
    assert formulas.mentions(rows, NOW).corrected == 3
    places = [PlaceCount(BUCKET, None, "open", True, 2), PlaceCount(BUCKET, None, "open", False, 3)]
    assert formulas.complaints_without_issue(places, NOW).corrected == 2
    account = [Account(BUCKET, None, of, "corrected", 1) for of in ("complaints", "others")]
    assert formulas.forgotten_issues(account, NOW).corrected == 2


def test_a_number_that_is_not_made_of_labels_tells_of_no_corrections() -> None:
    assert formulas.issues([IssueCount(BUCKET, None, "open", False, 1)], NOW).corrected is None
    assert formulas.escalations([LevelCount(BUCKET, None, "warned", 1)], NOW).corrected is None


def test_nothing_heard_is_no_data_and_not_zero() -> None:
    figure = reputation()
    assert (figure.value, figure.n, figure.reason) == (None, 0, "no_mentions")
    assert figure.detail["index"] is None
    assert figure.detail["unscored_share"] is None


def test_all_unscored_is_no_data_and_says_so() -> None:
    figure = reputation(("ar", "unsupported_language", 5))
    assert (figure.value, figure.n, figure.reason) == (None, 0, "all_unscored")
    assert figure.detail["unscored_share"] == 1


def test_balanced_talk_is_a_zero_that_is_data() -> None:
    figure = reputation(("fa", "positive", 4), ("fa", "negative", 4))
    assert (figure.value, figure.reason) == (0, None)


def test_taken_back_mentions_count_nowhere() -> None:
    assert reputation(("fa", "positive", 1), ("fa", "deleted", 9)) == reputation(("fa", "positive", 1))


def test_the_models_that_spoke_are_named() -> None:
    rows = counts(("fa", "positive", 2)) + counts(("fa", "negative", 1), model="judge@2")
    assert formulas.reputation_score(rows, NOW).detail["models"] == {"judge@1": 2, "judge@2": 1}


def test_the_order_of_the_rows_never_shows() -> None:
    told = [("fa", "positive", 7), ("en", "negative", 3), ("fa", "neutral", 11), ("en", "empty_text", 1)]
    assert reputation(*told) == reputation(*reversed(told))


@pytest.mark.parametrize(
    ("positive", "n", "low", "high"),
    [
        # Published: Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
    ],
)
def test_the_interval_is_wilsons(positive: int, n: int, low: str, high: str) -> None:
    found = [round(each / 100, 4) for each in wilson(100 * positive, n)]
    assert found == [Decimal(low), Decimal(high)]


def test_one_mention_alone_has_a_wide_interval() -> None:
    assert wilson(100, 1) == (Decimal("20.654931"), Decimal(100))
    assert wilson(50, 1) == (Decimal("5.462076"), Decimal("94.537924"))


def test_the_net_interval_is_the_index_interval_stretched() -> None:
    detail = reputation(("fa", "positive", 5), ("fa", "negative", 5)).detail
    assert detail["index_interval"] == [Decimal("23.659309"), Decimal("76.340691")]
    assert detail["net_interval"] == [Decimal("-52.681382"), Decimal("52.681382")]


def test_mentions_count_all_outcomes_and_tell_those_taken_back() -> None:
    figure = formulas.mentions(
        counts(("fa", "positive", 2), ("ar", "unsupported_language", 1), ("fa", "deleted", 4)), NOW
    )
    assert (figure.value, figure.n) == (3, 3)
    assert figure.detail == {"outcomes": {"positive": 2, "unsupported_language": 1}, "deleted": 4}


def test_issues_are_counted_by_state_and_the_unrouted_apart() -> None:
    rows = [
        IssueCount(BUCKET, None, "open", False, 2),
        IssueCount(BUCKET, None, "closed", False, 5),
        IssueCount(BUCKET, None, "closed", True, 1),
    ]
    assert formulas.issues(rows, NOW).detail == {"states": {"closed": 6, "open": 2}}
    unrouted = formulas.unrouted_issues(rows, NOW)
    assert (unrouted.value, unrouted.n, unrouted.detail["share"]) == (1, 8, Decimal("0.125"))


def test_no_issue_at_all_has_no_unrouted_share() -> None:
    assert formulas.unrouted_issues([], NOW).detail == {"share": None}


def test_every_level_that_was_reached_is_an_escalation() -> None:
    rows = [LevelCount(BUCKET, None, "warned", 3), LevelCount(BUCKET, None, "escalated", 2)]
    figure = formulas.escalations(rows, NOW)
    assert (figure.value, figure.detail) == (5, {"kinds": {"escalated": 2, "warned": 3}})


def account(**of: dict[str, int]) -> Any:
    rows = [Account(BUCKET, None, kind, term, n) for kind, terms in of.items() for term, n in terms.items()]
    return formulas.forgotten_issues(rows, NOW)


def test_every_mention_is_in_an_issue_passed_or_on_its_way() -> None:
    figure = account(
        complaints={"heard": 11, "open": 4, "resolved": 3, "closed": 2, "passed": 1, "on_its_way": 1},
        others={"heard": 30, "open": 2, "passed": 28},
        issues={"open": 4, "closed": 2},
    )
    assert (figure.value, figure.n) == (0, 41)
    assert figure.detail["complaints"]["difference"] == 0
    assert figure.detail["mentions"] == {
        "heard": 41, "open": 6, "resolved": 3, "closed": 2, "passed": 29, "on_its_way": 1, "forgotten": 0,
        "difference": 0,
    }  # fmt: skip


@pytest.mark.parametrize("of", ["complaints", "others"])
def test_a_mention_that_is_neither_passed_nor_in_an_issue_is_forgotten_once(of: str) -> None:
    figure = account(**{of: {"heard": 10, "open": 4, "passed": 5, "forgotten": 1}})
    assert figure.value == 1
    assert (figure.detail["mentions"]["forgotten"], figure.detail["mentions"]["difference"]) == (1, 0)


@pytest.mark.parametrize("of", ["complaints", "others"])
def test_a_mention_that_the_rows_have_lost_is_missed_once(of: str) -> None:
    figure = account(**{of: {"heard": 10, "open": 4, "resolved": 3, "closed": 2}})
    assert (figure.value, figure.detail["mentions"]["difference"]) == (1, 1)


def test_rows_and_counts_that_disagree_either_way_are_not_zero() -> None:
    assert account(complaints={"heard": 1, "open": 2}).value == 1


def test_a_complaint_that_is_missing_is_not_made_good_by_another_mention_too_many() -> None:
    figure = account(complaints={"heard": 2, "open": 1}, others={"heard": 1, "passed": 2})
    assert (figure.value, figure.detail["mentions"]["difference"]) == (2, 0)


def test_an_issue_with_a_gap_in_its_story_is_not_accounted_for() -> None:
    assert account(complaints={"heard": 1, "open": 1}, issues={"open": 1, "incomplete": 1}).value == 1


def test_an_issue_that_nobody_owns_is_forgotten() -> None:
    assert account(complaints={"heard": 1, "open": 1}, issues={"open": 1, "unowned": 1}).value == 1


def test_complaints_in_no_issue_are_told_apart_from_those_on_their_way() -> None:
    places = {"open": 5, "resolved": 0, "closed": 0, "passed": 2, "on_its_way": 1, "forgotten": 1}
    rows = [PlaceCount(BUCKET, None, place, False, n) for place, n in places.items()]
    figure = formulas.complaints_without_issue(rows, NOW)
    assert (figure.value, figure.n, figure.corrected) == (3, 9, 0)
    assert figure.detail["places"] == places


def test_the_median_of_an_even_number_is_the_mean_of_the_middle_two() -> None:
    assert median([4, 1, 3, 2]) == Decimal("2.5")
    assert median([3, 1, 2]) == 2
    assert median([]) is None


def test_the_95th_percentile_is_the_nearest_rank() -> None:
    assert percentile_95(range(1, 101)) == 95
    assert percentile_95([7]) == 7
    assert percentile_95(range(1, 21)) == 19
    assert percentile_95([]) is None


def test_figures_carry_no_trailing_zeros_and_no_exponent() -> None:
    assert str(rounded(Decimal("100.000000"))) == "100"
    assert str(rounded(Decimal("0.500000"))) == "0.5"
    assert str(seconds(10_800_000_000)) == "10800"
    assert str(seconds(1)) == "0.000001"
    assert percentage(1, 0) is None
