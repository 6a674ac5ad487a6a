"""Untrusted text on a terminal: Persian is itself, what hides or commands is seen."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from shenava.dead_letters.listing import as_json, cell
from shenava.dead_letters.visible import bounded, pretty, readable, visible

PERSIAN = "سلام؛ سفارشم نمی‌رسد! کتاب‌های نیلگون ۱۲٪ گران‌تر شده 🙂"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_persian_is_shown_as_it_was_written_in_either_form(form: str) -> None:
    text = unicodedata.normalize(form, PERSIAN + " آأؤ")  # type: ignore[arg-type]  # the stubs want a literal

    assert visible(text) == text
    assert json.loads(as_json(text)) == text
    assert text in as_json(text)


@pytest.mark.parametrize("char", [*BIDI, *map(chr, [*range(32), 0x7F, *range(0x80, 0xA0)]), "\u2028", "\ufeff", "\xad"])
def test_what_moves_hides_or_commands_is_made_visible(char: str) -> None:
    assert visible(f"پیش{char}پس") == f"پیش\\u{ord(char):04x}پس"


@given(st.text(st.characters()))
def test_json_with_visible_characters_means_the_same(text: str) -> None:
    shown = as_json({"text": text})

    assert json.loads(shown) == {"text": text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")}
    assert visible(shown) == shown


@given(st.binary(max_size=300))
def test_any_bytes_can_be_shown_in_a_line(data: bytes) -> None:
    assert visible(readable(data, 5000)) == readable(data, 5000)


def test_colours_and_markup_of_a_stranger_are_text_in_a_table() -> None:
    console = Console(width=100, force_terminal=True, color_system="truecolor", file=None)
    with console.capture() as shown:
        console.print(cell("[red]alarm[/red] \x1b[31mred\x1b]0;title\x07"))

    assert shown.get().strip() == r"[red]alarm[/red] \u001b[31mred\u001b]0;title\u0007"


def test_json_is_laid_out_as_it_was_written() -> None:
    value = '{"text":"سلام \\u0633\\u0644\\ud83d\\ude42 \\"\\\\u0633","n":1.10e2,"n":1,"far":1e999}'

    assert pretty(value.encode()) == (
        '{\n  "text": "سلام سل🙂 \\"\\\\u0633",\n  "n": 1.10e2,\n  "n": 1,\n  "far": 1e999\n}'
    )


def test_hidden_characters_in_json_are_visible_raw_or_escaped() -> None:
    raw, escaped = pretty('["a\u202eb\x7f"]'.encode()), pretty(rb'["a\u202eb\u007f"]')

    assert raw == '[\n  "a\\u202eb\\u007f"\n]'
    assert escaped == '[\n  "a\\u202eb\\u007f"\n]'


@pytest.mark.parametrize("value", [b"", b"hello", b"\xff", b'{"a":', rb'"\ud83d"', b'"\xed\xa0\x80"', b"[" * 100_000])
def test_what_is_no_json_is_not_laid_out(value: bytes) -> None:
    assert pretty(value) is None


def test_what_is_long_is_cut_and_says_by_how_much() -> None:
    assert bounded("نیلگون", 2) == "نی… (4 more characters)"
    assert readable(None, 5) == "none"
