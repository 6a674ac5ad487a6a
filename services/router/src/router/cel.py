"""The one adapter over cel-expr-python: no other file knows which CEL library evaluates the conditions.

The library is younger than version 1. It type-checks when it compiles, bounds iteration and matches by RE2, so that a
rulebook can neither fail on a misspelt name at run time nor hang the router.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any, NewType

import re2
from cel_expr_python import cel

from router.cel_tokens import Kind, renamed, tokens
from router.facts import UNKNOWN, Facts

LONGEST_CONDITION = 4_096  # what the explanation inside an event can hold

# The library compiles a pattern anew at each evaluation, 6 ms for a long one; ours keeps it. The name is as long as the
# one it stands for, so that the compiler's positions stay true.
_MATCHES, _FINDS = "matches", "_finds_"

_TYPES = {
    str: cel.Type.STRING,
    bool: cel.Type.BOOL,
    int: cel.Type.INT,
    float: cel.Type.DOUBLE,
    datetime: cel.Type.TIMESTAMP,
}
_FIRST_ERROR = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<message>.*)")
_UNDECLARED = re.compile(r"undeclared reference to '(?P<name>[^']*)'")

Bound = NewType("Bound", object)
"""Facts made ready for any number of conditions."""


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
        try:
            result = self._compiled.eval(bound)
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
        compiled = _environment().compile(renamed(source, _MATCHES, _FINDS))
    except RuntimeError as error:
        raise _explained(str(error).replace(_FINDS, _MATCHES)) from None
    if compiled.return_type() != cel.Type.BOOL:
        kind = compiled.return_type().name().lower()
        raise InvalidCondition(f"is of type {kind}; a condition must be true or false")
    named = (token.text for token in tokens(source) if token.kind is Kind.NAME and token.text in UNKNOWN)
    return Condition(source, tuple(dict.fromkeys(named)), compiled)


def bind(known: Facts) -> Bound:
    """``known`` made ready, once for all the conditions that are asked of it."""
    return Bound(_environment().Activation(known))


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


def _finds(text: str, pattern: str) -> bool:
    return _pattern(pattern).search(text) is not None


@cache
def _environment() -> Any:
    variables = {name: _TYPES[type(value)] for name, value in UNKNOWN.items()}
    text = cel.Type.STRING
    finds = cel.Overload("finds", return_type=cel.Type.BOOL, parameters=[text, text], is_member=True, impl=_finds)
    return cel.NewEnv(variables=variables, functions=[cel.FunctionDecl(_FINDS, [finds])])


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
