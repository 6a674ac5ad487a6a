"""A watchlist with a fault is refused in words that say what, where and how to mend it; the commands tell the same."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sentiment.__main__ import app
from sentiment.watchlist import Watchlist
from sentiment.watchlist_file import InvalidWatchlist, parse

SAMPLE = Path(__file__).parents[2] / "config" / "watchlist.yaml"
GOOD = "entities:\n  - {id: a, kind: brand, names: [نیلگون]}\n"


def faults_of(text: str) -> str:
    with pytest.raises(InvalidWatchlist) as refused:
        parse(text.encode(), "w.yaml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "w.yaml: must be a mapping with a list of entities"),
        ("entities: []", "w.yaml:1: entities: Tuple should have at least 1 item"),
        ("entities: [", "w.yaml: line 1: is not YAML"),
        ("entities: &a [*a]", "nested too deeply"),
        (GOOD + "  - {id: b, kind: shop, names: [x y]}", "w.yaml:3: entities[1].kind: Input should be 'brand'"),
        (GOOD + "  - {id: b, kind: topic}", "w.yaml:3: entities[1]: 'b' has no names; add names"),
        (GOOD + "  - {id: b, kind: topic, names: [ب]}", "entities[1].names[0]: has fewer than 2 letters"),
        (GOOD + "  - {id: b, kind: topic, names: ['!!!']}", "entities[1].names[0]: has fewer than 2 letters"),
        (GOOD + "  - {id: b, kind: topic, names: ['  ']}", "entities[1].names[0]: String should have at least 1"),
        (GOOD + "  - {id: b, kind: topic, names: [a b c d e f]}", "has more than 5 words"),
        (GOOD + "  - {id: b, kind: topic, names: [12]}", "entities[1].names[0]: Input should be a valid string"),
        (
            GOOD + "  - id: b\n    kind: topic\n    names: [x y]\n    misspellings:\n      - نيل گون\n",
            "w.yaml:7: entities[1].misspellings[0]: is the name 'نيل گون' of entities[0] (a) too; keep it in one",
        ),
        (
            "entities:\n- {id: a, kind: brand, handles: ['@X']}\n- {id: b, kind: brand, handles: [x]}",
            "entities[1].handles[0]: is the handle 'x' of entities[0] (a) too",
        ),
        (GOOD + "  - {id: a, kind: topic, names: [x y]}", "entities[1].id: is the id of entities[0] (a) too"),
        (GOOD + "  - {id: b, kind: topic, handles: ['a b']}", "entities[1].handles[0]: String should match"),
        (GOOD + "  - {id: b, kind: topic, name: [x y]}", "entities[1].name: Extra inputs are not permitted"),
        (GOOD + "  - {id: b, id: c, kind: topic, names: [x y]}", "w.yaml:3: entities[1].id: is given twice; keep one"),
    ],
)
def test_a_wrong_watchlist_says_what_where_and_how_to_mend_it(text: str, told: str) -> None:
    assert told in faults_of(text)


def test_every_fault_of_a_file_is_told_at_once_with_its_line() -> None:
    told = faults_of(GOOD + "  - {id: b, kind: topic}\n  - {id: c, kind: topic, names: [x]}")
    assert [line.split(":")[1] for line in told.splitlines()] == ["3", "4"]


def test_two_brands_may_watch_the_same_name() -> None:
    file = parse((GOOD + "  - {id: a, kind: competitor, brand: other, names: [نیلگون]}").encode(), "w.yaml")
    watchlist = Watchlist(file)
    assert [watchlist.find("نیلگون", brand)[0].entity.kind for brand in ("default", "other")] == ["brand", "competitor"]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidWatchlist, match="cannot be read: No such file"):
        Watchlist.load(tmp_path / "none.yaml")


def test_check_counts_the_sample_and_refuses_a_wrong_file(tmp_path: Path) -> None:
    good = CliRunner().invoke(app, ["watchlist", "check", str(SAMPLE)])
    assert good.exit_code == 0
    assert "7 entities: 1 brand, 3 product, 2 competitor, 1 topic" in good.output
    wrong = tmp_path / "w.yaml"
    wrong.write_text("entities: []", "utf-8")
    refused = CliRunner().invoke(app, ["watchlist", "check", str(wrong)])
    assert refused.exit_code == 1
    assert "w.yaml:1: entities:" in refused.stderr


def test_find_says_who_is_named_and_by_which_words() -> None:
    told = CliRunner().invoke(app, ["watchlist", "find", str(SAMPLE), "سلام نيلگون‌ها", "سلام"])
    assert told.output.splitlines() == ["nilgoon\tbrand\tنيلگون‌ها\tسلام نيلگون‌ها", "-\t-\t-\tسلام"]
