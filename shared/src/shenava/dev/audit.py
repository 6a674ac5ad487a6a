"""The laws of the loop, checked against the record of the topics. Pure.

Whatever was killed meanwhile, these hold: nothing accepted is lost, nothing has its effect twice, nothing is forgotten,
no level fires early or twice. Each function returns the violations it found, as sentences; none means the law holds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from shenava.events import (
    IssueEvent,
    IssueMentionAdded,
    IssueOpened,
    IssueRouted,
    MentionClassified,
    MentionReceived,
    SlaFired,
)
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


def no_level_twice_or_early(fired: Iterable[SlaFired]) -> list[str]:
    """Each level of each clock fires once, and never before it is due."""
    ids: defaultdict[tuple[str, int, str, str], set[str]] = defaultdict(set)
    found = []
    for event in fired:
        ids[event.issue_id, event.round, event.clock, event.level].add(event.event_id)
        if event.occurred_at < event.due_at:
            found.append(f"issue {event.issue_id}: {event.clock} {event.level} fired before it was due")
    return found + [f"level {key} fired {len(each)} times" for key, each in ids.items() if len(each) > 1]


def every_route_is_delivered_once(routed: Iterable[IssueRouted], delivered: Mapping[str, int]) -> list[str]:
    """The receiver has each live route's webhook exactly once.

    Args:
        routed: the routes as the topic has them; repeats are allowed.
        delivered: accepted deliveries by issue id, repeats of one message id not counted.
    """
    live = {event.issue_id for event in routed if event.mention.lane == "live"}
    missing = [f"issue {issue} was routed and its webhook never arrived" for issue in live if issue not in delivered]
    doubled = [f"issue {issue} arrived {n} times under different ids" for issue, n in delivered.items() if n > 1]
    return missing + doubled


def nothing_is_forgotten(forgotten: float | None) -> list[str]:
    """M32 as metrics-api answers it: every complaint is in an open, resolved or closed issue, or passed by a rule."""
    return [] if forgotten == 0 else [f"forgotten_issues is {forgotten}; it must be 0"]
