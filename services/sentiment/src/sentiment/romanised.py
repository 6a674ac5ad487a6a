"""Persian written in Latin letters (Finglish): found by its words and the shape of its verbs.

No language identifier knows it: they call it Italian, Hungarian or English, often with confidence.
"""

import re
from collections.abc import Sequence

from sentiment.lexicon import ROMANISED, ROMANISED_SHARED

_PERSON = "(?:am|i|e|im|in|id|an|and)"
_VERB = re.compile(
    rf"(?:ne?mi|nami)(?!c)[a-z]{{1,8}}{_PERSON}|"  # nemikonam, nmishe
    r"mi(?!ria|rac|rag|yag|yaz)(?:kon|kh|sh|r|res|g|ya|ar|tun|toon|tav|bin|zan|z|f|pors|dun|doon|mun|moon|kesh|khar|khor|gard|oft|nevis|fahm)"
    rf"[a-z]{{0,3}}{_PERSON}"  # mikonam, mishe, mikhaym
)
_ENDING = re.compile(r"[a-z]{3,}(?:etoon|etun|amoon|emoon|emun|eshoon|eshun|hatoon|hatun|hashoon|haye)")
_DIGRAPH = re.compile(r"^kh|[aeiou]kh[aeiou]|gh[aeiou]{1,2}[a-z]|^zh|oo[nmrz](?:am|esh)$")


def persian_share(words: Sequence[str]) -> float:
    """How much of ``words`` (lower case) is Persian in Latin letters, 0 to 1; 0 without a word only Persian has."""
    own = shared = shaped = 0
    for word in words:
        if word in ROMANISED or _VERB.fullmatch(word) or _ENDING.fullmatch(word):
            own += 1
        elif word in ROMANISED_SHARED:
            shared += 1
        elif _DIGRAPH.search(word):
            shaped += 1
    if not own and shaped < 2:
        return 0.0
    return min(1.0, (own + 0.5 * shared + 0.5 * shaped) / len(words))
