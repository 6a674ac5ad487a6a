"""What may be attached to a name without making another word of it: Persian and English endings. Pure."""

from itertools import product

_PLURAL = ("", "ها", "های", "هایی", "یها", "یهای", "یا", "یای")
_OWNER = (
    "", "ی", "ای", "یی", "م", "ت", "ش", "ام", "ات", "اش", "مان", "تان", "شان", "مون", "تون", "شون", "یم", "یت", "یش",
    "یمون", "یتون", "یشون",
)  # fmt: skip
_BEHIND = ("", "ه", "س", "ست", "است", "ن", "ند", "اند", "و", "رو", "را", "هم")
_PERSIAN = {
    *map("".join, product(_PLURAL, _OWNER, _BEHIND)),
    "تر", "تری", "ترین", "ترینه", "تره",
    "مو", "تو", "شو", "مونو", "تونو", "شونو", "مونه", "تونه", "شونه",
} - {""}  # fmt: skip

_ENGLISH = frozenset({"s", "es"})
# Endings of Persian in Latin letters that English words do not have.
_ROMANISED = frozenset({"ha", "haye", "haro", "ro", "esh", "emoon", "etoon", "eshoon", "etun", "eshun", "am", "ast"})

LONGEST = max(map(len, _PERSIAN))
"""Letters of the longest ending."""

_SHORT = 4
"""Shorter names take no ending of one letter: with one they are other words more often than not."""
_ENOUGH_FOR_ROMANISED = 6


def may_end(name: str, ending: str) -> bool:
    """Whether ``name`` with ``ending`` behind it (both folded) is still ``name``."""
    if len(ending) > LONGEST or (len(name) < _SHORT and len(ending) < 2):
        return False
    if ending in _PERSIAN:
        return True
    if not name[-1].isascii():
        return False
    return ending in _ENGLISH or (len(name) >= _ENOUGH_FOR_ROMANISED and ending in _ROMANISED)
