"""The matcher finds what a slow and plain reading finds, whatever keyboard wrote it, in work bounded by the length."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.clauses import clauses
from sentiment.comparisons import compared
from sentiment.stance import read
from sentiment.watchlist import Watchlist
from sentiment.watchlist_file import MAX_WORDS, EntityEntry, InvalidWatchlist, parse, split
from sentiment.watchlist_match import Matcher
from sentiment.watchlist_suffixes import may_end
from sentiment.watchlist_words import tokens
from watchlist_lines import LINES

LETTERS = "ابکیگن" + "abns"
SEAMS = ("", " ", "\u200c", "-", "  ", " - ", "_", "&", ".")
GAPS = (*SEAMS, "، ", ". ", "!", "😀", "\n\n\n\n", " @", " #", "@", "\u064e", "ها", "s ", "\u200cها ")

words = st.text(LETTERS, min_size=1, max_size=4)
names = st.lists(words, min_size=1, max_size=3).map(" ".join).filter(lambda name: len("".join(split(name))) >= 2)
texts = st.lists(st.tuples(words, st.sampled_from(GAPS)), max_size=12).map(
    lambda parts: "".join(part for pair in parts for part in pair)
)


def entries(spelt: list[str]) -> list[EntityEntry]:
    """An entity of its own for each of ``spelt`` that no other has."""
    unique = {"".join(split(name)): name for name in spelt}
    return [EntityEntry(id=f"e{n}", kind="topic", names=(name,)) for n, name in enumerate(unique.values())]


def plainly(text: str, entities: list[EntityEntry]) -> list[tuple[str, int, int]]:
    """What names something in ``text``: every run of words against every name, then the longest that overlap."""
    found = tokens(text)
    matches = [
        (-letters, first, last, entity.id)
        for entity in entities
        for name in entity.names
        for first in range(len(found))
        for last in range(first, min(len(found), first + MAX_WORDS))
        for letters in _run(text, found[first : last + 1], split(name))
    ]
    taken: set[int] = set()
    kept: list[tuple[str, int, int]] = []
    for _, first, last, entity_id in sorted(matches):
        if taken.isdisjoint(range(first, last + 1)):
            taken.update(range(first, last + 1))
            kept.append((entity_id, found[first].start, found[last].end))
    marked = {"".join(split(name)): entity.id for entity in entities for name in entity.names}
    tags = [(marked[t.spelt], t.start, t.end) for t in found if t.kind == "hashtag" and t.spelt in marked]
    return sorted(kept + tags, key=lambda each: each[1])


def _run(text: str, run: list, name: list[str]) -> Iterator[int]:  # type: ignore[type-arg] # of tokens
    """The letters of the name, with its seams, if ``run`` writes it."""
    if any(token.kind != "word" for token in run):
        return
    gaps = [text[one.end : other.start] for one, other in pairwise(run)]
    if any(gap.strip() not in {"", "-", "_", "–", "'", "’", "&", "/", "+", "·"} and gap != "." for gap in gaps):
        return
    if any(len(gap) > 3 for gap in gaps):
        return
    written = " ".join(token.spelt for token in run)
    whole, ends = "".join(name), {len("".join(name[:count])) for count in range(1, len(name))}
    joined, seams = written.replace(" ", ""), [len(run[0].spelt)]
    for token in run[1:-1]:
        seams.append(seams[-1] + len(token.spelt))
    ending = joined[len(whole) :]
    if joined.startswith(whole) and set(seams[: len(run) - 1]) <= ends and len(run[-1].spelt) > len(ending):
        spelt = written[: len(written) - len(ending)]
        if not ending or may_end(spelt, ending):
            yield len(spelt)


@given(st.lists(names, min_size=1, max_size=6), texts)
@settings(max_examples=400)
def test_the_matcher_finds_what_a_plain_reading_finds(spelt: list[str], text: str) -> None:
    entities = entries(spelt)
    found = [(each.entity.id, each.start, each.end) for each in Matcher(entities).find(text)]
    assert found == plainly(text, entities)


SAMPLE = "config/watchlist.yaml"


@pytest.fixture(scope="module")
def watchlist(pytestconfig: pytest.Config) -> Watchlist:
    return Watchlist.load(pytestconfig.rootpath / SAMPLE)


def named(watchlist: Watchlist, text: str) -> list[str]:
    return [each.entity.id for each in watchlist.find(text, "default")]


inside = [text for text, _ in LINES if text and "@" not in text and "." not in text and "://" not in text]


@given(text=st.sampled_from(inside), data=st.data())
@settings(max_examples=400)
def test_joiners_tatweel_vowels_and_other_keyboards_change_nothing(
    watchlist: Watchlist, text: str, data: st.DataObject
) -> None:
    other = {"ی": "یيى", "ک": "كک", "ه": "ههة"}
    typed = ""
    for sign, behind in zip(text, [*text[1:], " "], strict=True):
        typed += data.draw(st.sampled_from(other.get(sign, sign)))
        if sign.isalpha() and behind.isalpha() and "\u0600" <= sign <= "\u06ff":
            typed += data.draw(st.sampled_from(["", "", "\u200c", "\u0640", "\u064e", "\u200f"]))
    assert named(watchlist, typed) == named(watchlist, text)


@given(st.sampled_from([text for text, _ in LINES]), st.sampled_from(["upper", "lower", "title"]))
def test_capitals_change_nothing(watchlist: Watchlist, text: str, way: str) -> None:
    assert named(watchlist, getattr(text, way)()) == named(watchlist, text)


@given(st.one_of(st.text(), texts))
@settings(max_examples=300)
def test_any_text_is_read_without_fault_and_every_place_lies_in_it(watchlist: Watchlist, text: str) -> None:
    found = watchlist.find(text, "default")
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert found == sorted(found, key=lambda each: each.start)
    reading = read(text, found)
    assert {each.found.entity.id for each in reading.named} == {each.entity.id for each in found}
    assert set(compared(text, found)) <= {each.entity.id for each in found}
    assert "".join(text[start:end] for start, end in clauses(text)) == text


@given(st.binary(max_size=200))
def test_no_bytes_at_all_are_more_than_a_wrong_watchlist(content: bytes) -> None:
    with pytest.raises(InvalidWatchlist, match=r"^w\.yaml:"):
        parse(content, "w.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "نیلگون " * 14_000,
        "زرین " * 20_000,
        "nil" * 33_000,
        "#" * 100_000,
        "a،" * 50_000,
        "ﷺ" * 100_000,
        "\u064e" * 99_999,
    ],
)
def test_the_longest_texts_give_no_more_matches_than_words(watchlist: Watchlist, text: str) -> None:
    matcher = watchlist._matchers["default"]
    found = tokens(text)
    assert len(list(matcher._matches(text, found))) <= MAX_WORDS * len(found)
    assert len(read(text, matcher.find(text)).rows) <= 4
