"""Laws of text normalisation that hold for whatever people, keyboards and attackers write."""

import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shenava.text import cut, normalise, readable

PERSIAN = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
ARABIC = "يىكةأإؤئءۀ"
MARKS = "\u064b\u064e\u0651\u0654\u0670\u0640\u0301\u0327\u0308"
JOINERS = "\u200c\u200d\u200b\u2060\ufeff\u00ad"
CONTROLS = "\x00\x01\x1f\x7f\x85\u200e\u200f\u202a\u202e\u2066\u2069\u061c\ud800\udfff"
COMPATIBLE = "ﷺﻻﺍﷲ＠＃ｈ½²㎏…™ℹ´ｗﹰ칵"
MARKERS = "@#:/.w ht ps"
EMOJI = (
    "😡", "👍🏽", "👨\u200d👩\u200d👧\u200d👦", "❤️", "‼️", "⁉️", "™️", "ℹ️", "Ⓜ️", "㊙️", "🈁", "🈂️", "🈚",
    "🇮🇷", "1️⃣", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏳️\u200d🌈", "🧑🏿\u200d💻",
)  # fmt: skip

signs = st.sampled_from(
    PERSIAN + ARABIC + MARKS + JOINERS + CONTROLS + COMPATIBLE + MARKERS + "abcABC0123۰۱۲٣٤!?؟،\n\t"
)
pieces = st.one_of(
    signs,
    signs.map(lambda sign: sign * 4),
    st.sampled_from(EMOJI),
    st.sampled_from(["@علي_كريمي", "#نيلگون", "http://x.ir/كتاب", "https://", "www.", "@ali.reza", "سلام", "aaa"]),
)
texts = st.one_of(st.text(), st.lists(pieces, max_size=30).map("".join))

name = st.text(PERSIAN + ARABIC + "abcXYZ_0۱٢", min_size=1, max_size=12)
kept_words = st.one_of(
    name.map(lambda word: f"@{word}"),
    st.tuples(name, name).map(lambda words: f"@{words[0]}.{words[1]}"),
    name.map(lambda word: f"#{word}"),
    st.tuples(name, name).map(lambda words: f"#{words[0]}\u200c{words[1]}"),
    st.tuples(st.sampled_from(["http://", "https://", "HTTPS://", "www."]), name, name).map(
        lambda parts: f"{parts[0]}{parts[1]}.ir/{parts[2]}?q=a---b&n=١"
    ),
    st.sampled_from(EMOJI),
)
plain_words = st.text(PERSIAN + ARABIC + MARKS + "abc۱٢", max_size=10)


@given(texts)
@settings(max_examples=500)
@example("@\x00http://ي")
@example("@\u064bhttp://ي")
@example("＠http://ي")
@example("ب\u200c\u200d ")
@example("e\u0640\u0301")
@example("e" + "\u0301" * 20 + "\x00" + "\u0301" * 20)
@example("c\u200chttp://\u2069ｈ")
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(texts, st.integers(min_value=1, max_value=40))
@settings(max_examples=500)
@example("www.a", 3)
@example("ﷺ" * 9, 40)
def test_a_normalised_text_keeps_its_bound_and_is_still_stable(text: str, bound: int) -> None:
    once = normalise(text, bound)
    assert len(once) <= bound
    assert normalise(once, bound) == once


@given(texts)
def test_a_normalised_text_holds_no_control_bidi_or_broken_characters(text: str) -> None:
    result = normalise(text)
    assert not [sign for sign in result if unicodedata.category(sign) in ("Cc", "Cs") or sign in "\u200e\u202e\u2066"]
    result.encode()


@given(st.lists(st.one_of(kept_words, plain_words), max_size=12))
@settings(max_examples=300)
def test_addresses_handles_hashtags_and_emoji_come_through_unchanged_and_in_order(words: list[str]) -> None:
    kept = [word for word in words if word.startswith(("@", "#", "http", "HTTP", "www.")) or word in EMOJI]
    result = iter(normalise(" ".join(words)).split(" "))
    assert all(word in result for word in kept)


@given(st.text(PERSIAN, min_size=1), st.data())
def test_an_arabic_keyboard_and_a_persian_one_give_the_same_text(text: str, data: st.DataObject) -> None:
    typed = "".join(data.draw(st.sampled_from({"ی": "یيى", "ک": "كک", "ه": "هةۀ"}.get(sign, sign))) for sign in text)
    assert normalise(typed) == normalise(text)


@given(texts, st.integers(min_value=1, max_value=60))
def test_a_readable_text_is_storable_bounded_and_stable(text: str, bound: int) -> None:
    kept = readable(text, bound)
    assert len(kept) <= bound
    assert readable(kept, bound) == kept
    assert kept == kept.strip()
    assert not {sign for sign in kept if unicodedata.category(sign) in ("Cc", "Cs")} - {"\n", "\t"}
    kept.encode()


@given(st.lists(st.sampled_from(EMOJI), min_size=1, max_size=8), st.integers(min_value=1, max_value=60))
def test_a_cut_never_splits_an_emoji(emoji: list[str], bound: int) -> None:
    whole = "".join(emoji)
    starts = {len("".join(emoji[:count])) for count in range(len(emoji) + 1)}
    assert len(cut(whole, bound)) in starts | {bound if bound < len(emoji[0]) else 0}
