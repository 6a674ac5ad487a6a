"""The figures of a classifier, against sums done by hand."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sentiment.__main__ import app
from sentiment.labelled_texts import LabelledText, UnreadableTexts, read
from sentiment.quality import Bin, Labelled, calibration_error, measure, reliability
from shenava.events.mentions import Classification, Intent, Probabilities, Sentiment


def said(
    sentiment: Sentiment, confidence: float = 0.8, intent: Intent | None = None, *, positive: float = 0.1
) -> Classification:
    return Classification(
        status="scored",
        language="fa",
        sentiment=sentiment,
        confidence=confidence,
        probabilities=Probabilities(negative=0.2, neutral=0.8 - positive, positive=positive),
        intent=intent,
        model="m",
        model_version="1",
    )


SILENT = Classification(status="unscored", language="und", reason="language_unsure", model="m", model_version="1")


def test_macro_figures_count_each_label_alike() -> None:
    found = measure(
        [
            Labelled("negative", "complaint", said("negative", intent="complaint")),
            Labelled("negative", "complaint", said("neutral", intent="refund")),
            Labelled("neutral", "question", said("neutral", intent="question")),
            Labelled("positive", "praise", SILENT),
        ]
    )
    assert found.texts == 4
    assert found.unscored == 0.25
    assert found.f1 == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found.recall == pytest.approx((1 / 2 + 1) / 2)
    assert found.intent_f1 == pytest.approx((2 / 3 + 1) / 2)


def test_a_set_without_neutral_compares_the_two_others() -> None:
    one = Labelled("negative", None, said("neutral", positive=0.1), binary=True)
    other = Labelled("positive", None, said("neutral", positive=0.6), binary=True)
    found = measure([one, other])
    assert (found.f1, found.intent_f1) == (1.0, None)
    assert found.error == pytest.approx((1 - 2 / 3 + 1 - 0.75) / 2)


def test_answers_of_like_confidence_stand_in_one_step_and_empty_steps_are_left_out() -> None:
    found = reliability([(0.625, True), (0.6875, False), (1.0, True), (0.9375, True)], bins=10)
    assert found == [Bin(2, 0.65625, 0.5), Bin(2, 0.96875, 1.0)]


def test_confidence_that_is_right_as_often_as_it_says_has_no_error() -> None:
    assert calibration_error([(0.75, True)] * 3 + [(0.75, False)]) == pytest.approx(0)
    assert calibration_error([(0.9, True)] * 2 + [(0.6, False)] * 2) == pytest.approx((2 * 0.1 + 2 * 0.6) / 4)
    assert calibration_error([]) is None


def test_what_is_never_scored_has_no_figures_but_its_number() -> None:
    found = measure([Labelled("negative", None, SILENT)])
    assert (found.texts, found.unscored, found.f1, found.recall, found.error) == (1, 1.0, None, None, None)
    with pytest.raises(ValueError, match="nothing to measure"):
        measure([])


def test_a_line_that_is_no_text_is_told_by_its_place(tmp_path: Path) -> None:
    file = tmp_path / "texts.ndjson"
    file.write_text('{"text": "سلام", "lang": "fa", "more": 1}\n\n{"text": "x", "sentiment": "angry"}\n', "utf-8")
    lines = read(file)
    assert next(lines) == LabelledText(text="سلام", lang="fa")
    with pytest.raises(UnreadableTexts, match=r"texts\.ndjson:3: .*angry.*expected an object such as"):
        next(lines)
    with pytest.raises(UnreadableTexts, match="one JSON object a line"):
        next(read(tmp_path / "none.ndjson"))


def test_the_command_prints_a_row_for_each_language(tmp_path: Path) -> None:
    file = tmp_path / "mine.ndjson"
    rows = ['{"text": "افتضاح بود، سفارشم نرسید", "lang": "fa", "sentiment": "negative", "intent": "complaint"}']
    rows += ['{"text": "Great service, thank you so much!", "lang": "en", "sentiment": "positive"}']
    file.write_text("\n".join(rows), "utf-8")
    told = CliRunner().invoke(app, ["evaluate", "--markdown", str(file)])
    assert told.exit_code == 0, told.output
    lines = [line.split("|")[1:4] for line in told.stdout.splitlines() if line.startswith("| mine")]
    assert [[cell.strip() for cell in line] for line in lines] == [["mine", "en", "1"], ["mine", "fa", "1"]]
    told = CliRunner().invoke(app, ["evaluate", str(tmp_path / "none")])
    assert (told.exit_code, "one JSON object a line" in told.stderr) == (1, True)
