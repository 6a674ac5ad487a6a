"""What one attempt means for its delivery: decided from values alone.

2xx is success and nothing else is; a redirect is a failure and is never followed; 410 says the endpoint is gone; 429,
502 and 504 say it is too busy (Standard Webhooks 1.0, on delivery).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shenava.webhooks.schedule import SCHEDULE, delay, retry_after

GONE = 410
PRESSED = frozenset({429, 502, 504})

FailureKind = Literal["timeout", "dns", "connect", "tls", "forbidden_address", "protocol", "unexpected"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The receiver answered.

    Attributes:
        headers: lower-case names.
        excerpt: the beginning of the body, kept for whoever looks for the fault.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer came; whether the receiver acted is unknown."""

    kind: FailureKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again, with the same id. ``throttled``: the whole endpoint wants less."""

    when: datetime
    reason: str
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The last attempt failed; only a replay brings it back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Disable:
    """The endpoint does not exist any more: send it nothing until somebody enables it again."""

    reason: str


Outcome = Delivered | RetryAt | GaveUp | Disable


def classify(
    result: Answer | Failure, *, attempt: int, now: datetime, chance: float, schedule: Sequence[timedelta] = SCHEDULE
) -> Outcome:
    """What ``result`` of attempt number ``attempt`` (from 1), seen at ``now``, means."""
    if isinstance(result, Answer) and 200 <= result.status <= 299:
        return Delivered()
    reason = why(result)
    if isinstance(result, Answer) and result.status == GONE:
        return Disable(reason)
    if attempt > len(schedule):
        return GaveUp(reason)
    throttled = isinstance(result, Answer) and result.status in PRESSED
    pressed = throttled or (isinstance(result, Failure) and result.kind == "timeout")
    asked = retry_after(result.headers.get("retry-after"), now) if isinstance(result, Answer) else None
    wait = delay(attempt, chance, pressed=pressed, asked=asked, schedule=schedule)
    return RetryAt(now + wait, reason, throttled)


def why(result: Answer | Failure) -> str:
    """A short constant code for what came back; empty for success."""
    match result:
        case Failure(kind):
            return kind
        case Answer(status) if 200 <= status <= 299:
            return ""
        case Answer(status) if 300 <= status <= 399:
            return f"redirect_{status}"
        case Answer(status):
            return f"status_{status}"
