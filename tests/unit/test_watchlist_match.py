"""What the sample watchlist finds in lines that we wrote."""

from pathlib import Path

import pytest

from sentiment.comparisons import compared
from sentiment.watchlist import Watchlist
from shenava.events.mentions import Author
from watchlist_lines import COMPARED, LINES

SAMPLE = Path(__file__).parents[2] / "config" / "watchlist.yaml"


@pytest.fixture(scope="module")
def watchlist() -> Watchlist:
    return Watchlist.load(SAMPLE)


def test_the_lines_are_many_enough_to_mean_something() -> None:
    assert len(LINES) >= 80
    assert sum(not named for _, named in LINES) >= 25


@pytest.mark.parametrize(("text", "named"), LINES)
def test_a_line_names_what_a_reader_sees_in_it(watchlist: Watchlist, text: str, named: str) -> None:
    found = [each.entity.id for each in watchlist.find(text, "default")]
    assert list(dict.fromkeys(found)) == named.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("سلام، نيل\u200cگون\u200cتون خوبه", "نيل\u200cگون\u200cتون"),
        ("at Zarrin  Kala's", "Zarrin  Kala"),
        ("see @Nilgoon_Care!", "@Nilgoon_Care"),
        ("#زرین_کالا.", "#زرین_کالا"),
        ("😀 نیـلگون 😀", "نیـلگون"),
    ],
)
def test_the_words_are_kept_as_they_were_written(watchlist: Watchlist, text: str, words: str) -> None:
    [found] = watchlist.find(text, "default")
    assert text[found.start : found.end] == words


def test_another_brand_has_a_watchlist_of_its_own(watchlist: Watchlist) -> None:
    assert watchlist.find("نیلگون", "default")
    assert not watchlist.find("نیلگون", "other")


@pytest.mark.parametrize(("text", "ours", "theirs"), COMPARED)
def test_a_comparison_praises_the_one_and_blames_the_other(
    watchlist: Watchlist, text: str, ours: str, theirs: str
) -> None:
    said = compared(text, watchlist.find(text, "default"))
    assert (said.get("nilgoon", ""), said.get("zarrin-kala", "")) == (ours, theirs)


@pytest.mark.parametrize(
    ("handle", "role", "told"),
    [
        ("zarrinkala", None, "competitor"),
        ("@ZarrinKala", None, "competitor"),
        ("nilgoon_care", None, "staff"),
        ("nilgoon_dreams", None, None),
        (None, None, None),
        ("zarrinkala", "customer", "customer"),
    ],
)
def test_an_author_has_the_role_of_their_handle_if_the_channel_told_none(
    watchlist: Watchlist, handle: str | None, role: str | None, told: str | None
) -> None:
    author = Author(id="a", handle=handle, role=role)  # type: ignore[arg-type] # parametrised
    assert watchlist.known(author, "default").role == told
