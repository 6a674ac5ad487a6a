"""What happens to one issue within one transaction: events with the next numbers, and the issue after them. Pure."""

from datetime import datetime
from typing import Any, Self, TypeVar

from router.issue import Issue, evolve, opened
from shenava.events import IssueEvent, IssueOpened
from shenava.ids import derive

ROUTER = "router"

K = TypeVar("K", bound=IssueEvent)


class Story:
    """An issue and what has happened to it since it was loaded.

    Attributes:
        issue: as it is after the last event.
        events: what is new, in order; not yet stored.
    """

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        self.events: list[IssueEvent] = []

    @classmethod
    def beginning(cls, event: IssueOpened) -> Self:
        """The story that ``event`` begins."""
        story = cls(opened(event))
        story.events.append(event)
        return story

    def tell(self, kind: type[K], *, now: datetime, by: str = ROUTER, **fields: Any) -> K:
        """Add the next event; its id follows from the issue and its place in the issue's history."""
        sequence = self.issue.sequence + 1
        given: dict[str, Any] = {
            "event_id": derive(kind.TYPE, self.issue.id, sequence),
            "brand": self.issue.brand,
            "occurred_at": now,
            "issue_id": self.issue.id,
            "sequence": sequence,
            "round": self.issue.round,
            "by": by,
        }
        event = kind(**given | fields)
        self.issue = evolve(self.issue, event)
        self.events.append(event)
        return event
