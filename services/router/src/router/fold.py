"""Folds a batch of mentions into the issues there are: which are opened, which are joined, what nobody acts on. Pure.

The batch is worked through in its order, so a mention may join an issue that an earlier one of the same batch opened;
how the stream is cut into batches makes no difference.

Each event is accounted for exactly once, so that a reader can tell passed from lost. Where its mention is in an issue,
through this event or an earlier one, the membership accounts for it: an edit or a deletion of a member adds nothing,
whatever it says. Any other event gets a :class:`MentionPassed`, by the attention rule that says that nobody has to act,
or as ``outdated`` where somebody would have to, but a newer form of the mention is known already. A mention that was
passed in one form may come into an issue by another, later or, at another router, at the same instant; the issue then
speaks for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, get_args

from router.decide import Open, Pass, Route, outweighs, place
from router.issue import Issue
from router.issue_keys import Key
from router.story import ROUTER, Story
from shenava.events import IssueMentionAdded, IssueOpened, IssueRouted, MentionClassified, MentionPassed
from shenava.events.mentions import Change
from shenava.ids import derive

CHANGES: tuple[Change, ...] = get_args(Change)
"""In the order in which they can happen to one mention."""

OUTDATED = "outdated"
"""Stands for a rule where a mention is passed because a newer form of it is known."""


class Assessed(NamedTuple):
    """A mention and what the rulebook says of it."""

    event: MentionClassified
    verdict: Pass | Route


class Revision(NamedTuple):
    """How new a form of a mention is; a later one compares greater."""

    change: int
    occurred_at: datetime

    @classmethod
    def of(cls, change: Change, occurred_at: datetime) -> "Revision":
        """An edit is newer than the post and a deletion newer than both, in whatever order they arrive."""
        return cls(CHANGES.index(change), occurred_at)


class Membership(NamedTuple):
    """A mention belongs to an issue, since this event."""

    mention_id: str
    issue_id: str
    event_id: str


@dataclass
class Board:
    """What is known, and locked, of the keys and mentions of a batch.

    Attributes:
        keys: the issue last opened under each key.
        issues: the issues that the keys and the memberships name.
        memberships: by mention id, the issue it belongs to.
        revisions: by mention id, its newest form before this batch.
    """

    keys: dict[Key, str] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    memberships: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, Revision] = field(default_factory=dict)


@dataclass
class Folded:
    """What the batch changes.

    Attributes:
        stories: by issue id, the issues that something happened to, each with its new events.
        keys: keys that lead to another issue than before.
        merged: how many mentions joined an issue.
        passed: what is accounted for by no issue.
    """

    stories: dict[str, Story] = field(default_factory=dict)
    keys: dict[Key, str] = field(default_factory=dict)
    memberships: list[Membership] = field(default_factory=list)
    merged: int = 0
    passed: list[MentionPassed] = field(default_factory=list)


def fold(batch: Iterable[Assessed], board: Board, merge_window: timedelta, now: datetime) -> Folded:
    """What ``batch`` changes on ``board``, which is left as it was."""
    folding = _Folding(board, merge_window, now)
    for assessed in batch:
        folding.take(*assessed)
    return folding.folded


class _Folding:
    def __init__(self, board: Board, merge_window: timedelta, now: datetime) -> None:
        self._board = board
        self._merge_window = merge_window
        self._now = now
        self._revisions = dict(board.revisions)
        self._memberships = dict(board.memberships)
        self.folded = Folded()

    def take(self, event: MentionClassified, verdict: Pass | Route) -> None:
        outdated = self._outdated(event)
        issue_id = self._memberships.get(event.mention.mention_id)
        if isinstance(verdict, Pass) or outdated:
            if issue_id is None:
                self._pass(event, verdict)
            return
        if issue_id is not None:
            self._edited(issue_id, event, verdict)
            return
        placed = place(event, verdict, self._last_opened, self._merge_window)
        if isinstance(placed, Open):
            story = self._open(event, placed)
            self.folded.keys.update(dict.fromkeys(placed.keys, story.issue.id))
        else:
            story = self._join(event, placed.issue_id, placed.reroute)
            # The author's keys stay as they are: a guest in another's conversation may still have a matter of his own.
            self.folded.keys[placed.keys.conversation] = story.issue.id
        self._belongs(event, story.issue.id)

    def _outdated(self, event: MentionClassified) -> bool:
        """Whether a newer form of the mention is known already; what it said once needs nobody any more."""
        mention = event.mention
        revision = Revision.of(mention.change, event.occurred_at)
        newest = self._revisions.get(mention.mention_id, revision)
        self._revisions[mention.mention_id] = max(newest, revision)
        return newest > revision

    def _pass(self, event: MentionClassified, verdict: Pass | Route) -> None:
        mention = event.mention
        self.folded.passed.append(
            MentionPassed(
                event_id=derive("passed", event.event_id),
                brand=event.brand,
                occurred_at=self._now,
                mention_id=mention.mention_id,
                channel=mention.channel,
                conversation=mention.conversation,
                cause_id=event.event_id,
                rule_id=verdict.decision.rule_id if isinstance(verdict, Pass) else OUTDATED,
                rulebook_version=verdict.decision.rulebook_version,
            )
        )

    def _open(self, event: MentionClassified, placed: Open) -> Story:
        mention, route = event.mention, placed.route
        issue_id = derive("issue", event.brand, mention.mention_id, event.event_id)
        story = Story.beginning(
            IssueOpened(
                event_id=derive(IssueOpened.TYPE, issue_id, 1),
                brand=event.brand,
                occurred_at=self._now,
                issue_id=issue_id,
                sequence=1,
                by=ROUTER,
                mention_id=mention.mention_id,
                conversation=mention.conversation,
                channel=mention.channel,
                author_id=mention.author.id,
                intent=event.classification.intent,
                severity=route.destination.severity,
                language=event.classification.language,
                complaint_at=mention.posted_at,
                starts_clocks=mention.lane == "live",
            )
        )
        self.folded.stories[issue_id] = story
        self._route(story, event, route)
        return story

    def _join(self, event: MentionClassified, issue_id: str, reroute: Route | None) -> Story:
        story = self._story(issue_id)
        mention = event.mention
        story.tell(IssueMentionAdded, now=self._now, mention_id=mention.mention_id, posted_at=mention.posted_at)
        self.folded.merged += 1
        if reroute is not None:
            self._route(story, event, reroute)
        return story

    def _edited(self, issue_id: str, event: MentionClassified, route: Route) -> None:
        """A mention of an issue now says something else; it never opens a second one, but it may weigh more."""
        issue = self._issue(issue_id)
        if issue is not None and issue.live and outweighs(route, issue):
            self._route(self._story(issue_id), event, route)

    def _route(self, story: Story, event: MentionClassified, route: Route) -> None:
        queue, owner, severity = route.destination
        story.tell(
            IssueRouted,
            now=self._now,
            queue=queue,
            owner=owner,
            severity=severity,
            decision=route.decision,
            subscribers=route.subscribers,
            complaint_at=story.issue.complaint_at,
            mention=event.mention,
            classification=event.classification,
        )

    def _belongs(self, event: MentionClassified, issue_id: str) -> None:
        membership = Membership(event.mention.mention_id, issue_id, event.event_id)
        self._memberships[membership.mention_id] = issue_id
        self.folded.memberships.append(membership)

    def _last_opened(self, key: Key) -> Issue | None:
        issue_id = self.folded.keys.get(key) or self._board.keys.get(key)
        return self._issue(issue_id) if issue_id else None

    def _issue(self, issue_id: str) -> Issue | None:
        story = self.folded.stories.get(issue_id)
        return story.issue if story else self._board.issues.get(issue_id)

    def _story(self, issue_id: str) -> Story:
        if issue_id not in self.folded.stories:
            self.folded.stories[issue_id] = Story(self._board.issues[issue_id])
        return self.folded.stories[issue_id]
