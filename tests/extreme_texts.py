"""Texts as nobody writes them: endless, stacked, joined, turned round, or made so that reading them costs."""

LONGEST = 100_000
"""Code points that a mention's text may have."""
_FAMILY = "👨\u200d👩\u200d👧\u200d👦"
_COMPLAINT = "سفارشم دو هفته‌ست که نرسیده؛ کسی هم جواب نمی‌ده! "

PATTERNS = {
    "the same again and again": _COMPLAINT,
    "one endless word": "س",
    "one endless Latin word": "w",
    "families of emoji": _FAMILY,
    "half-spaces alone": "\u200c",
    "half-spaces in a word": "می\u200c\u200c\u200c",
    "turned round and round": "\u202eسلام\u202d\u2067order\u2069",
    "marks on marks": "ا" + "\u0651\u064b\u0301\u0327" * 1_250,
    "marks alone": "\u0301\u0315",
    "halves of flags": "🇮",
    "skin tones": "👍🏽\ufe0f",
    "a sign that is eighteen letters": "ﷺ",
    "letters to be composed": "\u1100\u1161\u11a8",
    "addresses in addresses": "http://www.@a.#",
    "never the same twice": "＠\u200bwww.",
    "handles without end": "@a.b-",
    "entities in entities": "&amp;lt;",
    "quotes in quotes": '\\""',
    "roman verbs": "mikonam",
    "white space": " \n\t",
    "signs": "؟!",
}


def endless(pattern: str, length: int = LONGEST) -> str:
    """``pattern`` repeated to ``length`` code points."""
    return (pattern * (length // len(pattern) + 1))[:length]


def texts(length: int = LONGEST) -> dict[str, str]:
    """All of them, that long."""
    made = {name: endless(pattern, length) for name, pattern in PATTERNS.items()}
    return made | {"a number without end": "نرسید &#" + "9" * (length - 8)}
