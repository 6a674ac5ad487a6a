"""The laws of the loop, checked against the record of the topics. Pure.

Whatever was killed meanwhile, these hold: nothing accepted is lost, nothing has its effect twice, nothing is forgotten,
no level fires early or twice. Each function returns the violations it found, as sentences; none means the law holds.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import get_args

from shenava.events import (
    IssueEvent,
    IssueMentionAdded,
    IssueOpened,
    IssueRouted,
    MentionClassified,
    MentionPassed,
    MentionReceived,
    SlaBreached,
    SlaEvent,
    SlaFired,
    SlaMet,
    SlaVerdictRevised,
)
from shenava.events.sla import ClockName
from shenava.ids import derive


def nothing_accepted_is_lost(
    acknowledged: Collection[str], received: Iterable[MentionReceived], classified: Iterable[MentionClassified]
) -> list[str]:
    """Every event id that a sender was given stands on the topic, and everything on the topic was classified."""
    written = {event.event_id for event in received}
    understood = {event.event_id for event in classified}
    lost = [f"mention event {event_id} was acknowledged and is not on the topic" for event_id in acknowledged
            if event_id not in written]  # fmt: skip
    unheard = [f"mention event {event_id} was never classified" for event_id in written
               if derive("classified", event_id) not in understood]  # fmt: skip
    return lost + unheard


def issues_are_whole(lifecycle: Iterable[IssueEvent]) -> list[str]:
    """Each issue's events form one gapless sequence without contradictions, and each opened issue was routed."""
    by_issue: defaultdict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    kinds: defaultdict[str, set[type[IssueEvent]]] = defaultdict(set)
    for event in lifecycle:
        by_issue[event.issue_id][event.sequence].add(event.event_id)
        kinds[event.issue_id].add(type(event))
    found = []
    for issue, sequences in by_issue.items():
        if set(sequences) != set(range(1, len(sequences) + 1)):
            found.append(f"issue {issue} has the sequence numbers {sorted(sequences)}")
        found += [f"issue {issue} has {len(ids)} different events numbered {n}" for n, ids in sequences.items()
                  if len(ids) > 1]  # fmt: skip
        if IssueRouted not in kinds[issue]:
            found.append(f"issue {issue} was opened and never routed")
    return found


def no_mention_is_in_two_issues(lifecycle: Iterable[IssueEvent]) -> list[str]:
    """A mention opens or joins one issue, however often it was delivered."""
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for event in lifecycle:
        if isinstance(event, IssueOpened | IssueMentionAdded):
            homes[event.mention_id].add(event.issue_id)
    return [f"mention {mention} is in {len(issues)} issues" for mention, issues in homes.items() if len(issues) > 1]


def every_mention_has_an_outcome(
    classified: Iterable[MentionClassified], lifecycle: Iterable[IssueEvent], passed: Iterable[MentionPassed]
) -> list[str]:
    """What was understood is in an issue, or a rule said that nobody has to act."""
    in_issues = {e.mention_id for e in lifecycle if isinstance(e, IssueOpened | IssueMentionAdded)}
    causes = {event.cause_id for event in passed}
    return [
        f"mention {event.mention.mention_id} was classified and neither routed nor passed"
        for event in {event.event_id: event for event in classified}.values()
        if event.mention.mention_id not in in_issues and event.event_id not in causes
    ]


def every_matter_is_one_issue(matters: Mapping[str, Collection[str]], lifecycle: Iterable[IssueEvent]) -> list[str]:
    """Mentions of one matter are in one issue, and no two matters share one.

    Args:
        matters: the ids of its mentions, by any name for the matter.
        lifecycle: what the topic has; repeats are allowed.
    """
    issue_of = {e.mention_id: e.issue_id for e in lifecycle if isinstance(e, IssueOpened | IssueMentionAdded)}
    owner: dict[str, str] = {}
    found = []
    for matter, mentions in matters.items():
        issues = {issue_of.get(mention) for mention in mentions}
        if len(issues) > 1 or None in issues:
            found.append(f"the mentions of {matter} are in {sorted(map(str, issues))}")
        found += [f"{matter} shares issue {issue} with {owner[issue]}" for issue in issues if issue in owner]
        owner |= {issue: matter for issue in issues if issue is not None}
    return found


def no_level_is_skipped(issues: Collection[str], fired: Iterable[SlaFired], levels: Collection[str]) -> list[str]:
    """Each clock of each of ``issues``, which nobody answered for long enough, has reached each of ``levels``."""
    reached = {(event.issue_id, event.clock, event.level) for event in fired}
    return [
        f"issue {issue}: {clock} {level} never fired"
        for issue in issues
        for clock in get_args(ClockName)
        for level in levels
        if (issue, clock, level) not in reached
    ]


def no_level_twice_or_early(fired: Iterable[SlaFired]) -> list[str]:
    """Each level of each clock fires once, and never before it is due."""
    ids: defaultdict[tuple[str, int, str, str], set[str]] = defaultdict(set)
    found = []
    for event in fired:
        ids[event.issue_id, event.round, event.clock, event.level].add(event.event_id)
        if event.occurred_at < event.due_at:
            found.append(f"issue {event.issue_id}: {event.clock} {event.level} fired before it was due")
    return found + [f"level {key} fired {len(each)} times" for key, each in ids.items() if len(each) > 1]


def nothing_is_revised_in_silence(said: Iterable[SlaEvent]) -> list[str]:
    """A clock never names another deadline or verdict than it did last, except in the event that says so.

    Args:
        said: what the clocks said, in the order of the topic; repeats are allowed.
    """
    by_clock: defaultdict[tuple[str, int, str], dict[str, SlaEvent]] = defaultdict(dict)
    for event in said:
        by_clock[event.issue_id, event.round, event.clock].setdefault(event.event_id, event)
    return [f"clock {key}: {silence}" for key, events in by_clock.items() for silence in _silences(events.values())]


def _silences(said: Iterable[SlaEvent]) -> Iterator[str]:
    deadline: datetime | None = None
    kept: bool | None = None
    for event in said:
        if isinstance(event, SlaVerdictRevised):
            if event.previous_deadline_at not in (None, deadline) or event.was_kept != kept:
                yield f"revision {event.event_id} takes back what was not said"
            kept = event.kept
        elif deadline is not None and event.deadline_at != deadline:
            yield f"{type(event).__name__} moves the deadline from {deadline} to {event.deadline_at}"
        if isinstance(event, SlaBreached):
            kept = False
        elif isinstance(event, SlaMet):
            if kept not in (None, event.kept):
                yield f"it was kept: {kept}, and is met with {event.kept}"
            kept = event.kept
        deadline = event.deadline_at


def every_route_is_delivered_once(routed: Iterable[IssueRouted], delivered: Mapping[str, int]) -> list[str]:
    """The receiver has the webhook of each live route exactly once; an issue may be routed again by what joins it.

    Args:
        routed: the routes as the topic has them; repeats are allowed.
        delivered: accepted webhooks of routes by issue id, repeats of one message id not counted.
    """
    live = Counter(issue for issue, _ in {(e.issue_id, e.event_id) for e in routed if e.mention.lane == "live"})
    return [
        f"issue {issue} was routed {times} times and its webhooks arrived {delivered.get(issue, 0)} times"
        for issue, times in live.items()
        if delivered.get(issue, 0) != times
    ]


def nothing_is_forgotten(forgotten: float | None) -> list[str]:
    """M32 as metrics-api answers it: every mention is in an issue, passed by a rule, or on its way."""
    return [] if forgotten == 0 else [f"forgotten_issues is {forgotten}; it must be 0"]
