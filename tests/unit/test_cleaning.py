"""Input cleaning as the bundled model was trained."""

import pytest

from sentiment.cleaning import clean


@pytest.mark.parametrize(
    ("language", "written", "expected"),
    [
        ("fa", "كيفيت خيلي عالي https://x.example/a?b=1 بود", "کیفیت خیلی عالی http بود"),
        ("fa", "سلام @nilgoon_shop \n\n خوبيد؟", "سلام @user خوبید؟"),
        ("fa", "\u200fسلام\u200e", "سلام"),
        ("fa", "می\u200cخواهم ۲ تا", "می\u200cخواهم ۲ تا"),
        ("en", "Tom &amp; Jerry &lt;3 www.x.example", "Tom & Jerry <3 http"),
        ("en", 'he said ""no""', 'he said "no"'),
        ("ar", "خدمة سيئة", "خدمة سيئة"),
        ("en", "  \t ", ""),
    ],
)
def test_a_text_is_cleaned_as_in_training(language: str, written: str, expected: str) -> None:
    assert clean(written, language) == expected


@pytest.mark.parametrize("text", ["&amp;amp;lt; x", "http@http://a", "@@a @", "كك"])
def test_what_the_model_reads_is_never_longer_than_what_was_written(text: str) -> None:
    assert len(clean(text, "fa")) <= len(text) + text.count("@") * len("user")


@pytest.mark.parametrize("digits", [20, 4_301, 99_000])
def test_a_number_too_long_to_be_read_is_an_unknown_sign_as_a_shorter_one_is(digits: int) -> None:
    assert clean(f"سلام &#{'9' * digits}; خوبید", "fa") == clean("سلام &#1114112; خوبید", "fa") == "سلام \ufffd خوبید"
