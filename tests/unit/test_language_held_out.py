"""How well languages are told on the texts that were held out: a frozen gate, never a place to tune."""

import json
from pathlib import Path

from sentiment.language import detect

HELD_OUT = Path(__file__).parents[2] / "services/sentiment/training/texts/held-out"
MEASURED_F1 = 0.937
SLACK = 0.02
KNOWN_LEAKS = frozenset(
    {
        "هر کله راشئ",  # ps
        "سلام، تبریزده شعبه‌نیز وار؟",  # az
        "الینیز آغریماسین",  # az
        "نییه جاواب وئرمیرسیز",  # az
    }
)
"""Texts of unsupported languages that are told as Persian or English; the list may only shrink."""


def _texts(pattern: str) -> list[tuple[str, str]]:
    paths = sorted(HELD_OUT.glob(pattern))
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    return [(row["lang"], row["text"]) for row in rows]


def test_persian_in_latin_letters_is_told_as_well_as_measured() -> None:
    told = [(lang == "fa-Latn", detect(text).language == "fa-Latn") for lang, text in _texts("languages*.ndjson")]
    hits, faults = told.count((True, True)), told.count((True, False)) + told.count((False, True))
    f1 = 2 * hits / (2 * hits + faults)
    assert f1 >= MEASURED_F1 - SLACK


def test_no_other_language_is_told_as_persian_or_english_but_for_the_known() -> None:
    leaks = {
        text
        for lang, text in _texts("languages-unsupported.ndjson")
        if lang not in {"fa", "en", "fa-Latn", "und"} and detect(text).language in {"fa", "en"}
    }
    assert leaks <= KNOWN_LEAKS
