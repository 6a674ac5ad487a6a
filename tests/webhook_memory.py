"""The queue of webhooks without a database: the pure decisions about attempts, around lines in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from router.deliveries import message_id
from router.notices import Notice
from shenava.webhooks.circuit import Circuit
from shenava.webhooks.message import serialise
from shenava.webhooks.outcome import Answer, Delivered, Disable, Failure, GaveUp, RetryAt, classify

ENDPOINT = "care"
LEASE = timedelta(seconds=45)


@dataclass
class Delivery:
    """One message for the endpoint.

    Attributes:
        sent: id and body of every attempt that left, recorded or not.
        due_at: not before; for a claim whose holder died that is the end of its lease.
    """

    message_id: str
    issue_id: str
    body: bytes
    due_at: datetime
    attempts: int = 0
    state: Literal["pending", "delivered", "given_up"] = "pending"
    sent: list[tuple[str, bytes]] = field(default_factory=list)


class Queue:
    """What is to be told to one endpoint that wants everything.

    Attributes:
        deliveries: by message id, in the order in which they were queued.
    """

    def __init__(self) -> None:
        self.deliveries: dict[str, Delivery] = {}
        self.circuit = Circuit()

    def enqueue(self, notice: Notice, now: datetime) -> None:
        """Queue ``notice`` unless it has been."""
        ident = message_id(ENDPOINT, notice)
        if ident not in self.deliveries:
            body = serialise(notice.type, notice.occurred_at, notice.data)
            self.deliveries[ident] = Delivery(ident, notice.issue_id, body, now)

    def attempt(self, result: Answer | Failure, now: datetime, chance: float, *, dies: bool = False) -> bool:
        """Send what is due first of all lines; False if nothing is, or nothing may be sent now.

        A dispatcher that ``dies`` has sent it, and records nothing of that.
        """
        due = [each for each in self._first_of_lines() if each.due_at <= now]
        if not due or not self.circuit.room(now, 1, idle=True):
            return False
        delivery = min(due, key=lambda each: each.due_at)
        delivery.sent.append((delivery.message_id, delivery.body))
        if dies:
            delivery.due_at = now + LEASE
        else:
            self._record(delivery, result, now, chance)
        return True

    def enable(self) -> None:
        """Send again to an endpoint that was disabled."""
        self.circuit = Circuit()

    def pending(self) -> list[Delivery]:
        """What has not ended."""
        return [each for each in self.deliveries.values() if each.state == "pending"]

    def _first_of_lines(self) -> Iterator[Delivery]:
        lines: set[str] = set()
        for each in self.pending():
            if each.issue_id not in lines:
                lines.add(each.issue_id)
                yield each

    def _record(self, delivery: Delivery, result: Answer | Failure, now: datetime, chance: float) -> None:
        outcome = classify(result, attempt=delivery.attempts + 1, now=now, chance=chance)
        delivery.attempts += 1
        match outcome:
            case Delivered():
                delivery.state = "delivered"
            case GaveUp():
                delivery.state = "given_up"
            case RetryAt(when):
                delivery.due_at = when
            case Disable():
                delivery.due_at = now
        self.circuit = self.circuit.after(outcome, now, chance)
