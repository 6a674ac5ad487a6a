"""Tables of what normalisation does to Persian, English and mixed texts."""

import importlib
from collections.abc import Callable

import pytest

from shenava.text import cut, normalise, readable

normalisation = importlib.import_module("shenava.text.normalise")  # the package has a function of that name

SAME = [
    ("كيفيت غذا خيلي بد بود", "کیفیت غذا خیلی بد بود"),  # Arabic keyboard
    ("علیٰ و موسى", "علی و موسی"),
    ("خانۀ ما و خانهٔ شما", "خانه ما و خانه شما"),
    ("سفارش شمارهٔ ۱۲۳۴ و ٥٦٧", "سفارش شماره 1234 و 567"),
    ("مُحَمَّد", "محمد"),
    ("کتـــــاب", "کتاب"),
    ("می\u200c\u200c\u200cخواهم", "می\u200cخواهم"),
    ("\u200cنمی\u200cخواهم\u200c !", "نمی\u200cخواهم !"),
    ("ه\u200d.ش", "ه.ش"),
    ("\u200fسلام\u200e\u202a", "سلام"),
    ("خیلییییییی عالیییی", "خیلیی عالیی"),
    ("سلام\xa0\u2003 دنیا\r\n خوبید؟", "سلام دنیا خوبید؟"),
    ("ﻧﻴﻠﮕﻮﻥ", "نیلگون"),  # presentation forms
    ("۵۰ ﷼", "50 ریال"),
    ("Sooooo   gooood", "Soo good"),
    ("ＮＩＬＧＯＯＮ app", "NILGOON app"),
    ("cafe\u0301", "café"),
    ("bad\x00 service\x1b", "bad service"),
    ("nil\u00adgoon \ufeffshop", "nilgoon shop"),
    ("what?!?!!!!!! ... 1111", "what?!?!!!!!! ... 1111"),
    ("پشتیبانی support عالی", "پشتیبانی support عالی"),
    ("", ""),
    (" \n\u200c\u200f ", ""),
]

KEPT = [
    "https://nilgoon.example/كتاب?q=١٢٣&page=۴",
    "http://example.com/aaaa/___",
    "www.nilgoon.example/مُحَمَّد",
    "@علي_كريمي",
    "@sara.mmm",
    "#نيلگون",
    "#نیل\u200cگون_پلاسسس",
    "#عالييييي",
    "👨\u200d👩\u200d👧\u200d👦",
    "👍🏽👍🏽👍🏽",
    "❤️\u200d🔥",
    "‼️",
    "™️",
    "🇮🇷",
    "1️⃣",
]


@pytest.mark.parametrize(("written", "expected"), SAME)
def test_one_spelling_for_what_keyboards_write_in_several(written: str, expected: str) -> None:
    assert normalise(written) == expected


@pytest.mark.parametrize("word", KEPT)
@pytest.mark.parametrize("around", ["{}", "كتاب {} كتاب", "see {} noww"])
def test_what_is_an_address_or_an_emoji_is_left_alone(word: str, around: str) -> None:
    assert word in normalise(around.format(word))


def test_text_around_a_kept_word_is_still_normalised() -> None:
    assert normalise("كتاب @علي كتاب #كتاب ۱") == "کتاب @علي کتاب #كتاب 1"


def test_a_suffix_joined_to_a_handle_does_not_become_part_of_it() -> None:
    assert normalise("@nilgoon\u200cیها") == "@nilgoon\u200cیها"


def test_a_form_that_grows_is_bounded() -> None:
    assert len(normalise("ﷺ" * 1000, 500)) <= 500  # one sign of these is 18 letters long


def test_stacked_marks_are_limited_before_they_are_put_in_order() -> None:
    hostile = "e" + "\u0301\u0327" * 40_000  # ordering these takes minutes when nothing stops it
    assert len(normalise(hostile)) <= 31


NEVER_AT_REST = ["＠\x01اwww.", "3＠www.http://\u200b", "!@\u2060chttp://", "＠\u200bwww."]
"""In a row, each pass over them makes the next one find other addresses and handles."""


@pytest.mark.parametrize("bait", NEVER_AT_REST)
@pytest.mark.parametrize("length", [40, 1_000, 30_000])
def test_the_passes_over_a_text_are_few_however_long_it_is(
    bait: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[str] = []
    for name in ("_pass", "_whole"):
        _note_calls(monkeypatch, name, passes)
    once = normalise(bait * (length // len(bait)))
    assert len(passes) <= 15
    assert normalise(once) == once


def _note_calls(monkeypatch: pytest.MonkeyPatch, name: str, calls: list[str]) -> None:
    real: Callable[[str], object] = getattr(normalisation, name)

    def noted(text: str) -> object:
        calls.append(name)
        return real(text)

    monkeypatch.setattr(normalisation, name, noted)


def test_a_readable_text_keeps_its_author_spelling_and_its_lines() -> None:
    assert readable(" كتاب\x00 خوب\r\nاست\ud800 ۱۲\t👍\x07 ", 100) == "كتاب خوب\nاست ۱۲\t👍"


@pytest.mark.parametrize(
    ("text", "bound", "expected"),
    [
        ("سلام دنیا", 4, "سلام"),
        ("ab👨\u200d👩\u200d👧", 4, "ab"),
        ("a👍🏽", 2, "a"),
        ("🇮🇷🇬🇧", 3, "🇮🇷"),
        ("کتابِ", 4, "کتا"),
        ("e" + "\u0301" * 500, 100, "e" + "\u0301" * 99),  # stacked marks: cut all the same
    ],
)
def test_a_cut_spares_the_grapheme_at_its_edge(text: str, bound: int, expected: str) -> None:
    assert cut(text, bound) == expected
