"""Persian-first normalisation: one spelling for what a Persian, Arabic or Latin keyboard may write in several.

The Unicode names and properties used here are those of the Unicode Character Database (UAX #44); NFKC is UAX #15.
"""

import re
import unicodedata

MAX_LENGTH = 100_000
"""Default bound, in code points: the longest text an event may carry."""

_ALLOWED_GRAPHEME = 64
"""How far a cut backs off to spare a grapheme; longer ones are stacked marks, not writing."""

_STACK = 30
"""Combining marks in a row that are kept: no writing system uses more (UAX #15 section 13)."""

_PASSES = 10
"""Passes in which protected words are spared; writing needs two or three, and a text made to need more grows costly."""

_SAME = {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه"}
FOLDED_LETTERS = _SAME | {"ئ": "ی", "أ": "ا", "إ": "ا", "ٱ": "ا", "ؤ": "و"}
"""Letter to the one that words are compared with: whoever writes the same word may type either."""
_DIGITS = {
    zero + value: str(value)
    for zero in (0x0660, 0x06F0)  # Arabic-Indic and Extended (Persian) digits
    for value in range(10)
}
_SURROGATES = range(0xD800, 0xE000)
_CONTROLS = [point for point in (*range(0x20), *range(0x7F, 0xA0)) if not chr(point).isspace()]
_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x2070))
_INVISIBLE = (0x00AD, 0x200B, 0x2060, 0xFEFF)  # soft hyphen, zero-width space, word joiner, byte-order mark
_TATWEEL = 0x0640
_DIACRITICS = (*range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06DD))
_REMOVED = (*_CONTROLS, *_SURROGATES, *_BIDI, *_INVISIBLE, _TATWEEL, *_DIACRITICS)


def _table() -> list[int | str | None]:
    """A list over the Basic Multilingual Plane: `str.translate` reads it twice as fast as a dict."""
    table: list[int | str | None] = list(range(0x10000))
    for point in _REMOVED:
        table[point] = None
    for letter, spelling in _SAME.items():
        table[ord(letter)] = spelling
    for point, digit in _DIGITS.items():
        table[point] = digit
    return table


_TABLE = _table()
_CHANGES = re.compile("[" + "".join(map(re.escape, map(chr, (*_REMOVED, *map(ord, _SAME), *_DIGITS)))) + "]")

_MARKS = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0dff\u200c"
_UNSEEN = "".join(map(re.escape, map(chr, (*_CONTROLS, *_SURROGATES, *_BIDI))))
_PROTECTED = re.compile(
    # A first character class lets the engine skip what cannot start a match; the look-behinds then split the cases.
    "([#@hHwW\u203c\u2049\u2122\u2139\u24c2\u3297\u3299\U0001f201-\U0001f251](?:"
    rf"(?<=#)[\w{_MARKS}]+"  # hashtags may hold marks and ZWNJ
    r"|(?<=@)\w+(?:[.\-]\w+)*"
    rf"|(?<=[hH])[tT]{{2}}[pP][sS]?://[^\s<>\"«»،؛؟{_UNSEEN}]+"
    rf"|(?<=[wW])[wW]{{2}}\.[^\s<>\"«»،؛؟{_UNSEEN}]+"
    "|(?<=[\u203c\u2049\u2122\u2139\u24c2\u3297\u3299\U0001f202\U0001f237])\ufe0f"  # NFKC would spell these emoji
    "|(?<=[\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f236\U0001f238-\U0001f251])\ufe0f?"
    "))"
)
_STACKED = re.compile(r"[^\w\s!-~]{31,}")
_THRICE = re.compile(r"(.)\1\1")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
# Every run of joiners but the usual one: a single ZWNJ inside a word.
_JOINERS = re.compile(r"[\u200c\u200d]+(?:(?<!\w\u200c)|(?!\w))")
_WORD = re.compile(r"\w")
_UNKEPT = re.compile(
    "["
    + "".join(re.escape(chr(point)) for point in (*_CONTROLS, *_SURROGATES))
    + "\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]"
)
_LINE_BREAKS = dict.fromkeys(map(ord, "\r\x0b\x0c\x85\u2028\u2029"), "\n")


def normalise(text: str, max_length: int = MAX_LENGTH) -> str:
    """The one spelling of ``text`` for matching, finding repeats and scoring; never for showing.

    NFKC; Arabic yeh, alef maksura, kaf and teh marbuta to their Persian letters; Persian and Arabic digits to
    ASCII; tatweel, Arabic diacritics, control and bidirectional characters and lone surrogates removed; ZWNJ
    single and only inside words; a letter repeated three times or more is kept twice; white space collapsed.
    URLs, @handles, #hashtags and emoji sequences stay as they are, except in a text that is made so that what is one
    changes with each pass: the work is linear in the length whatever is written.

    Idempotent. The answer has at most ``max_length`` code points: NFKC may make a text longer, so both the input
    and the output are cut, at a place that splits no grapheme.
    """
    current, passes = cut(text, max_length), 0
    while True:
        passes += 1
        result, settled = _pass(current) if passes <= _PASSES else (_whole(current), False)
        if len(result) > max_length:
            result, settled = cut(result, max_length), False
        # A removal can bring characters together that mean something new (a protected word, a composed letter).
        if settled or result == current:
            return result
        current = result


def _whole(text: str) -> str:
    """One pass that protects nothing. What it settles on has nothing left to change beside protected words either."""
    return " ".join(_plain(text, "", "").split())


def _pass(text: str) -> tuple[str, bool]:
    """One pass, and whether a second would give the same."""
    parts = _PROTECTED.split(text)
    if len(parts) == 1:
        plain = _plain(text, "", "")
        return " ".join(plain.split()), _stable(plain)
    words = parts[1::2]
    for place, (before, after) in enumerate(zip(["", *words], [*words, ""], strict=True)):
        parts[2 * place] = _plain(parts[2 * place], before[-1:], after[:1])
    result = " ".join("".join(parts).split())
    again = _PROTECTED.split(result)
    return result, again[1::2] == words and _stable(" ".join(again[::2]))


def _stable(text: str) -> bool:
    """Whether what was removed has brought nothing together that would change again."""
    return unicodedata.is_normalized("NFKC", text) and not _STACKED.search(text)


def _plain(text: str, before: str, after: str) -> str:
    """What stands outside protected words, normalised; white space is left to the caller.

    Args:
        text: what stands between two protected words.
        before: the sign before ``text``, if any.
        after: the sign after it, if any.
    """
    if _STACKED.search(text):
        text = _STACKED.sub(_unstacked, text)
    text = unicodedata.normalize("NFKC", text)
    if _CHANGES.search(text):
        text = text.translate(_TABLE)
    if "\u200c" in text or "\u200d" in text:
        text = _JOINERS.sub(lambda found: _joined(found, before, after), text)
    if _THRICE.search(text):
        text = _STRETCHED.sub(r"\1\1", text)
    return text


def _unstacked(found: re.Match[str]) -> str:
    """A run of signs with at most ``_STACK`` combining marks in a row.

    Putting more of them into canonical order takes quadratic time: seconds for one hostile text.
    """
    kept, marks = [], 0
    for sign in found[0]:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= _STACK:
            kept.append(sign)
    return "".join(kept)


def _joined(found: re.Match[str], before: str, after: str) -> str:
    """What a run of ZWNJ and ZWJ becomes; ``before`` and ``after`` stand around the text it is found in."""
    text, start, end = found.string, found.start(), found.end()
    before = text[start - 1] if start else before
    after = text[end] if end < len(text) else after
    if "\u200c" in found[0]:
        return "\u200c" if _WORD.match(before) and _WORD.match(after) else ""
    # ZWJ builds emoji and Indic letters; after an Arabic letter it only shapes it.
    return "" if "\u0600" <= before <= "\u06ff" else found[0]


def readable(text: str, max_length: int) -> str:
    """``text`` as it may be stored and shown: the author's own spelling, without what no store accepts.

    NUL, other control characters and lone surrogates are removed; line breaks become line feeds; tabs stay. White
    space at both ends is removed and the rest cut to ``max_length`` code points, splitting no grapheme.
    """
    if _UNKEPT.search(text):
        text = _UNKEPT.sub("", text.replace("\r\n", "\n").translate(_LINE_BREAKS))
    return cut(text.strip(), max_length).strip()


def cut(text: str, max_length: int) -> str:
    """At most ``max_length`` code points of ``text``, ending before a grapheme that would be split.

    Follows the rules of UAX #29 that matter for marks, emoji sequences and flags, not all of them.
    """
    if len(text) <= max_length:
        return text
    for end in range(max_length, max(0, max_length - _ALLOWED_GRAPHEME), -1):
        if not _inside_grapheme(text, end):
            return text[:end]
    return text[:max_length]


def _inside_grapheme(text: str, place: int) -> bool:
    """Whether a cut before ``text[place]`` splits what a reader sees as one sign."""
    after, before = text[place], text[place - 1 : place]
    if before == "\u200d" or _extends(after):
        return True
    if not (_flag_half(after) and _flag_half(before)):
        return False
    start = place
    while start > 0 and place - start < _ALLOWED_GRAPHEME and _flag_half(text[start - 1]):
        start -= 1
    return (place - start) % 2 == 1


def _extends(sign: str) -> bool:
    """Whether ``sign`` belongs to the one before it: marks, joiners, skin tones, tags of flags."""
    return (
        unicodedata.category(sign) in ("Mn", "Mc", "Me")
        or sign in "\u200c\u200d"
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
        or "\U000e0020" <= sign <= "\U000e007f"
    )


def _flag_half(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"
