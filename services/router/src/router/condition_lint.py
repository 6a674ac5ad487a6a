"""Finds conditions that compile and still can never do what their author meant. Pure.

Three mistakes that type-checking cannot see: a label that does not exist (``sentiment == "negativ"``), a keyword that
is not in the form that ``text`` has (capitals, half-spaces, Arabic letters), and a pattern that RE2 refuses.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from router.cel import Condition, InvalidCondition, literal, pattern_problem
from router.cel_tokens import Kind, Token, tokens
from router.facts import VOCABULARY
from router.plain_text import plain

_TEXT_QUESTIONS = frozenset({"contains", "startsWith", "endsWith", "matches"})
_REGEX_ESCAPE = re.compile(r"\\(?:[pPx]\{[^}]*\}|[pP]\w|.)")
_REGEX_FLAGS = re.compile(r"\(\?[a-zA-Z-]*\)?")


def mistakes(condition: Condition) -> Iterator[InvalidCondition]:
    """What is wrong with the literals of ``condition``, each at its position."""
    found = list(tokens(condition.source))
    for index, token in enumerate(found):
        if token.kind is not Kind.NAME:
            continue
        if token.text in VOCABULARY:
            yield from _unknown_labels(token.text, _compared(found, index))
        elif token.text == "matches":
            yield from _bad_patterns(found, index)
        if token.text in _TEXT_QUESTIONS and _asks_text(found, index):
            yield from _unlike_text(token.text, _argument(found, index))


def _compared(found: Sequence[Token], index: int) -> list[Token]:
    """The string literals that the name at ``index`` is compared with."""
    before, after = found[max(0, index - 2) : index], found[index + 1 :]
    if len(before) == 2 and before[1].text in {"==", "!="}:
        return [token for token in before[:1] if token.kind is Kind.STRING]
    if after and after[0].text in {"==", "!="}:
        return [token for token in after[1:2] if token.kind is Kind.STRING]
    if [token.text for token in after[:2]] == ["in", "["]:
        listed = takewhile(lambda token: token.text != "]", after[2:])
        return [token for token in listed if token.kind is Kind.STRING]
    return []


def _unknown_labels(name: str, literals: Sequence[Token]) -> Iterator[InvalidCondition]:
    known = VOCABULARY[name]
    for token in literals:
        if literal(token.text) not in known:
            listed = ", ".join(repr(value) for value in sorted(known))
            yield _at(token, f"{name} is never {token.text}; it is one of {listed}")


def _bad_patterns(found: Sequence[Token], index: int) -> Iterator[InvalidCondition]:
    pattern = _argument(found, index)
    if pattern is None:
        yield _at(found[index], "write the pattern as one literal, text.matches(r'…'), so that it can be checked now")
    elif problem := pattern_problem(literal(pattern.text)):
        yield _at(pattern, problem)


def _asks_text(found: Sequence[Token], index: int) -> bool:
    return [token.text for token in found[max(0, index - 2) : index]] == ["text", "."]


def _argument(found: Sequence[Token], index: int) -> Token | None:
    """The one string literal in the parentheses after the name at ``index``."""
    after = found[index + 1 : index + 4]
    alone = len(after) == 3 and after[0].text == "(" and after[1].kind is Kind.STRING and after[2].text == ")"
    return after[1] if alone else None


def _unlike_text(question: str, argument: Token | None) -> Iterator[InvalidCondition]:
    if argument is None:
        return
    words = literal(argument.text)
    if question == "matches":
        words = _REGEX_FLAGS.sub("(", _REGEX_ESCAPE.sub("", words))
    # Sign by sign: a keyword may be part of a word, and begin or end with a space.
    if any(not sign.isspace() and plain(sign) != sign for sign in words):
        yield _at(argument, f"text never holds this; it is compared in plain form, so write {plain(words)!r}")


def _at(token: Token, message: str) -> InvalidCondition:
    return InvalidCondition(message, line=token.line, column=token.column)
