"""The router without a database: its pure core around a store in memory, under the small rulebook."""

from collections import defaultdict
from datetime import datetime, timedelta

from router.decide import assess
from router.facts import facts
from router.fold import Assessed, Board, Folded, Revision, fold
from router.issue_keys import Key
from rulebooks import book
from shenava.events import IssueEvent, MentionClassified, MentionPassed
from shenava.testing.builders import BASE

WINDOW = timedelta(days=2)
BOOK = book()

Mentions = list[MentionClassified]


class Memory:
    """What is recorded, and the board of the next batch."""

    def __init__(self) -> None:
        self.board = Board()
        self.history: dict[str, list[IssueEvent]] = defaultdict(list)
        self.passed: list[MentionPassed] = []
        self._seen: set[str] = set()

    def take(self, batch: Mentions, now: datetime = BASE) -> Folded:
        """Handle ``batch`` as the handler does: what is known already changes nothing."""
        new = list({e.event_id: e for e in batch if e.event_id not in self._seen}.values())
        result = fold([Assessed(e, assess(facts(e), BOOK)) for e in new], self.board, WINDOW, now)
        self._seen |= {e.event_id for e in new}
        self.board.keys |= result.keys
        self.board.issues |= {issue_id: story.issue for issue_id, story in result.stories.items()}
        self.board.memberships |= {m.mention_id: m.issue_id for m in result.memberships}
        for event in new:
            revision = Revision.of(event.mention.change, event.occurred_at)
            known = self.board.revisions.get(event.mention.mention_id, revision)
            self.board.revisions[event.mention.mention_id] = max(revision, known)
        self.passed += result.passed
        for issue_id, story in result.stories.items():
            self.history[issue_id] += story.events
        return result

    def groups(self) -> set[frozenset[str]]:
        """Which mentions make one issue."""
        members = defaultdict(set)
        for mention_id, issue_id in self.board.memberships.items():
            members[issue_id].add(mention_id)
        return {frozenset(group) for group in members.values()}

    def keys(self) -> set[frozenset[Key]]:
        """Which keys lead to one issue."""
        found = defaultdict(set)
        for key, issue_id in self.board.keys.items():
            found[issue_id].add(key)
        return {frozenset(group) for group in found.values()}
