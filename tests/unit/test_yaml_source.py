"""YAML is read with its lines, and no file can stall its reader."""

import pytest

from shenava.yaml_source import MAX_ENTRIES, InvalidYaml, YamlSource, written

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


def test_every_entry_is_found_with_its_line_and_an_unknown_one_with_that_around_it() -> None:
    source = YamlSource.of(b"brand: x\nentities:\n  - id: a\n    names: [b]\n")
    assert source.data == {"brand": "x", "entities": [{"id": "a", "names": ["b"]}]}
    assert source.line(("entities", 0, "names", 0)) == 4
    assert source.line(("entities", 0, "handles", 3)) == 3
    assert written(("entities", 0, "names", 0)) == "entities[0].names[0]"


def test_a_key_that_stands_twice_is_told_with_its_second_line() -> None:
    assert YamlSource.of(b"a: {b: 1}\nc: 1\na: 2\n").repeated == ((("a",), 3),)


def test_an_empty_file_says_nothing() -> None:
    assert YamlSource.of(b"# nothing\n").data is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BOMB.encode(), f"unfolds to more than {MAX_ENTRIES:,} entries"),
        (b"a: &a [*a]", "nested too deeply"),
        (b"[" * 5_000, "nested too deeply"),
        (b"a: 2026-02-30", "is not YAML: day is out of range"),
        (b"a: [", "line 1: is not YAML"),
        (b"a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        (b"\xff", "is not UTF-8 (byte 0)"),
        (b"a: " + b"x" * 2_000_000, "is too large"),
    ],
)
def test_what_cannot_be_read_safely_is_refused_in_words(content: bytes, told: str) -> None:
    with pytest.raises(InvalidYaml) as refused:
        YamlSource.of(content)
    assert told in str(refused.value)


def test_an_alias_that_is_used_modestly_is_read() -> None:
    assert YamlSource.of(b"a: &a {k: 1}\nb: {<<: *a, l: 2}\n").data == {"a": {"k": 1}, "b": {"k": 1, "l": 2}}
