"""The oracle of every fault test: from what senders were told and what the topics have, what must be where. Pure.

Whatever was killed, cut or stopped meanwhile, once the loop has settled the tables of the services and the receiver of
the webhooks must show what follows from the topics, and the topics what follows from the senders' answers. What is
missing is *lost*, what is there twice or without a cause is *doubled*, and what is at odds otherwise is *wrong*.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from shenava.dev import audit
from shenava.dev.evidence import Evidence
from shenava.events import (
    IssueAcknowledged,
    IssueEvent,
    IssueMentionAdded,
    IssueOpened,
    IssueRouted,
)
from shenava.events.sla import ClockName


@dataclass(frozen=True)
class Verdict:
    """What does not hold, as sentences."""

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """All of them; none means that every law holds."""
        return [*self.lost, *self.doubled, *self.wrong]


def judge(evidence: Evidence) -> Verdict:
    """Compare what is with what must be."""
    missing, surplus = _recount(evidence)
    unsent, unasked = _deliveries(evidence)
    lost = [
        *audit.nothing_accepted_is_lost(evidence.told.accepted, evidence.received, evidence.classified),
        *audit.every_mention_has_an_outcome(evidence.classified, evidence.lifecycle, evidence.passed),
        *_unkept_answers(evidence),
        *missing,
        *unsent,
    ]
    doubled = [
        *audit.no_mention_is_in_two_issues(evidence.lifecycle),
        *audit.every_matter_is_one_issue(_heard(evidence), evidence.lifecycle),
        *audit.no_level_twice_or_early(evidence.fired),
        *surplus,
        *unasked,
    ]
    wrong = [
        *audit.issues_are_whole(evidence.lifecycle),
        *audit.nothing_is_revised_in_silence(evidence.clocks),
        *_forgotten(evidence),
    ]
    return Verdict(tuple(lost), tuple(doubled), tuple(wrong))


def _heard(evidence: Evidence) -> dict[str, set[str]]:
    """The mentions of each matter that are on the topic: of those without an answer, some are."""
    heard = {event.mention.mention_id for event in evidence.received}
    on_topic = {matter: mentions & heard for matter, mentions in evidence.told.matters.items()}
    return {matter: mentions for matter, mentions in on_topic.items() if mentions}


def _unkept_answers(evidence: Evidence) -> list[str]:
    """A team that was told its answer is taken finds it in the issue's life."""
    answered = {event.issue_id for event in evidence.lifecycle if isinstance(event, IssueAcknowledged)}
    return [f"issue {issue}: its acknowledgement was confirmed and is not on the topic"
            for issue in evidence.told.acknowledged - answered]  # fmt: skip


def _deliveries(evidence: Evidence) -> tuple[list[str], list[str]]:
    """Each route has one delivery, each delivery arrived, and nothing arrived that is no delivery.

    Attempts of one delivery carry its id, so what arrived has an id that the router knows.
    """
    rows = evidence.tables.deliveries
    unsent = [f"delivery {row.message_id} of issue {row.issue_id} is {row.state} and the receiver has it not"
              for row in rows if row.message_id not in evidence.taken]  # fmt: skip
    unasked = [f"the receiver took {message}, which is no delivery"
               for message in set(evidence.taken) - {row.message_id for row in rows}]  # fmt: skip
    routes = Counter(
        issue for issue, _ in {(e.issue_id, e.event_id) for e in evidence.lifecycle if isinstance(e, IssueRouted)}
    )
    told = Counter(row.issue_id for row in rows if row.endpoint_id == evidence.routes_to and row.type == "issue.routed")
    unsent += [f"issue {issue} was routed {routes[issue]} times and told {told[issue]} times"
               for issue in routes if told[issue] < routes[issue]]  # fmt: skip
    unasked += [f"issue {issue} was routed {routes[issue]} times and told {told[issue]} times"
                for issue in told if told[issue] > routes[issue]]  # fmt: skip
    return unsent, unasked


def _recount(evidence: Evidence) -> tuple[list[str], list[str]]:
    """Where the tables have less, and where they have more, than follows from the topics."""
    tables = evidence.tables
    sequences = _sequences(evidence.lifecycle)
    homes = {(e.mention_id, e.issue_id) for e in evidence.lifecycle if isinstance(e, IssueOpened | IssueMentionAdded)}
    clocks = {(issue, clock) for issue in evidence.issues for clock in get_args(ClockName)}
    mentions = {event.mention.mention_id for event in evidence.classified}
    pairs: tuple[tuple[str, Collection[object], Collection[object]], ...] = (
        ("history of the router", _numbered(sequences), _numbered(tables.history)),
        ("mentions in issues of the router", homes, set(tables.homes.items())),
        ("clocks of sla-watcher", clocks, {(issue, clock) for issue, _, clock in tables.clocks}),
        ("mentions of metrics-api", mentions, tables.counted),
        ("issues of metrics-api", {(i, len(s), max(s)) for i, s in sequences.items()},
         {(issue, *seen) for issue, seen in tables.projected.items()}),
        ("clock events of metrics-api", {event.event_id for event in evidence.clocks}, tables.verdicts),
        ("passed mentions of metrics-api", {event.cause_id for event in evidence.passed}, tables.passed),
    )  # fmt: skip
    missing = [f"{what}: {each} is missing" for what, must, has in pairs for each in set(must) - set(has)]
    surplus = [f"{what}: {each} is too much" for what, must, has in pairs for each in set(has) - set(must)]
    if tables.hours < len(mentions):
        missing.append(f"metrics-api counts {tables.hours} of {len(mentions)} mentions")
    if tables.hours > len(mentions):
        surplus.append(f"metrics-api counts {tables.hours} mentions of {len(mentions)}")
    missing += [f"{count} rows wait in the outbox of {service}" for service, count in tables.staged.items() if count]
    return missing, surplus


def _forgotten(evidence: Evidence) -> list[str]:
    """Open issues have timers or an end, and those that nobody answers reach every level."""
    pending = [timer for timer in evidence.tables.timers if not (timer.fired or timer.cancelled)]
    with_timers = {timer.issue_id for timer in evidence.tables.timers}
    rows = {(t.issue_id, t.round, t.clock, t.level) for t in evidence.tables.timers if t.fired}
    said = {(e.issue_id, e.round, e.clock, e.level) for e in evidence.fired}
    return [
        *(f"issue {issue} is open and has no timers" for issue in evidence.unanswered - with_timers),
        *(f"timer {timer} of an issue that nobody answers waits" for timer in pending
          if timer.issue_id in evidence.unanswered),
        *audit.no_level_is_skipped(evidence.unanswered, evidence.fired, evidence.levels),
        *(f"level {level} has fired and is not on the topic" for level in rows - said),
        *(f"level {level} is on the topic and has not fired" for level in said - rows),
    ]  # fmt: skip


def _sequences(lifecycle: Iterable[IssueEvent]) -> dict[str, set[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for event in lifecycle:
        found[event.issue_id].add(event.sequence)
    return found


def _numbered(sequences: Mapping[str, Collection[int]]) -> set[tuple[str, int]]:
    return {(issue, sequence) for issue, numbers in sequences.items() for sequence in numbers}
