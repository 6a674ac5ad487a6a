"""The one adapter over cel-expr-python: no other file knows which CEL library evaluates the conditions.

The library is younger than version 1. It type-checks when it compiles, bounds iteration and matches by RE2, so that a
rulebook can neither fail on a misspelt name at run time nor hang the router.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import starmap
from threading import local
from typing import Any

import re2
from cel_expr_python import cel

from router.cel_tokens import Kind, searches, tokens
from router.facts import UNKNOWN, Facts

LONGEST_CONDITION = 4_096  # what the explanation inside an event can hold

_TYPES = {
    str: cel.Type.STRING,
    bool: cel.Type.BOOL,
    int: cel.Type.INT,
    float: cel.Type.DOUBLE,
    datetime: cel.Type.TIMESTAMP,
}
_FIRST_ERROR = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<message>.*)")
_UNDECLARED = re.compile(r"undeclared reference to '(?P<name>[^']*)'")

_asked = local()
"""Its ``facts`` are those of the evaluation under way in this thread: a search reads them from here."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Facts made ready for any number of conditions."""

    facts: Facts
    activation: Any


class InvalidCondition(Exception):  # noqa: N818 - named for what the condition is
    """The text is no condition.

    Args:
        line: from 1, within the condition's own text.
        column: from 1, in characters.
    """

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Failed:
    """A condition that could not be evaluated on these facts; this is neither true nor false."""

    reason: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition.

    Attributes:
        reads: the facts it asks for, in the order of their first use.
    """

    source: str
    reads: tuple[str, ...]
    _compiled: Any

    def holds(self, bound: Bound) -> bool | Failed:
        """Whether the condition is true of the facts that were bound."""
        _asked.facts = bound.facts
        try:
            result = self._compiled.eval(bound.activation)
        except RuntimeError as error:  # the iteration budget
            return Failed(_one_line(error))
        value = result.value()
        return value if isinstance(value, bool) else Failed(_one_line(value))


def condition(source: str) -> Condition:
    """``source`` compiled and type-checked.

    Raises:
        InvalidCondition: it does not parse, names what does not exist, mixes types, is not a truth value, or is too
            long; with the position of the first error.
    """
    if len(source) > LONGEST_CONDITION:
        raise InvalidCondition(f"has {len(source):,} characters; a condition may have {LONGEST_CONDITION:,}")
    try:
        compiled = _environment().compile(source)
    except RuntimeError as error:
        raise _explained(str(error)) from None
    if compiled.return_type() != cel.Type.BOOL:
        kind = compiled.return_type().name().lower()
        raise InvalidCondition(f"is of type {kind}; a condition must be true or false")
    named = (token.text for token in tokens(source) if token.kind is Kind.NAME and token.text in UNKNOWN)
    return Condition(source, tuple(dict.fromkeys(named)), _with_our_search(source) or compiled)


def bind(known: Facts) -> Bound:
    """``known`` made ready, once for all the conditions that are asked of it."""
    return Bound(known, _environment().Activation(known))


def literal(text: str) -> str:
    """The value of a CEL string literal."""
    return str(_environment().compile(text).eval(data={}).value())


def pattern_problem(pattern: str) -> str | None:
    """Why RE2 refuses ``pattern``, or None. A wrong pattern would otherwise fail only when a mention meets it."""
    try:
        _pattern(pattern)
    except re2.error as error:
        told = error.args[0]
        return f"no regular expression of RE2: {_one_line(told.decode() if isinstance(told, bytes) else told)}"
    return None


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _with_our_search(source: str) -> Any:
    """``source``, which is right, compiled to search texts by patterns that we keep; None if it searches none.

    The library (0.1.3) compiles a pattern anew at each evaluation, 6 ms for a long one, and never frees what it hands
    to a function of ours, 700 bytes a call: so the function takes nothing and finds the text in the facts.
    """
    text, calls = searches(source, [name for name, value in UNKNOWN.items() if isinstance(value, str)])
    try:
        patterns = [(name, _pattern(literal(pattern))) for name, pattern in calls]
    except re2.error:
        return None  # the rulebook's check tells it; an evaluation without the check says it cannot be evaluated
    return _with_functions(starmap(_search, patterns)).compile(text) if patterns else None


def _search(name: str, pattern: Any) -> Callable[[], bool]:
    def found() -> bool:
        return pattern.search(_asked.facts[name]) is not None

    return found


@cache
def _environment() -> Any:
    return _with_functions(())


def _with_functions(found: Iterable[Callable[[], bool]]) -> Any:
    variables = {name: _TYPES[type(value)] for name, value in UNKNOWN.items()}
    functions = [
        cel.FunctionDecl(
            f"_found{place}",
            [cel.Overload(f"_found{place}", return_type=cel.Type.BOOL, parameters=[], is_member=False, impl=search)],
        )
        for place, search in enumerate(found)
    ]
    return cel.NewEnv(variables=variables, functions=functions)


def _explained(report: str) -> InvalidCondition:
    found = _FIRST_ERROR.search(report)
    if found is None:
        return InvalidCondition(_one_line(report))
    message = found["message"].removesuffix(" [INVALID_ARGUMENT]").removesuffix(" (in container '')")
    undeclared = _UNDECLARED.search(message)
    if undeclared:
        close = get_close_matches(undeclared["name"], UNKNOWN, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(UNKNOWN)}"
        message = f"there is no {undeclared['name']!r}{hint}"
    return InvalidCondition(message, line=int(found["line"]), column=int(found["column"]))


def _one_line(problem: object) -> str:
    return " ".join(str(problem).split())[:300]
