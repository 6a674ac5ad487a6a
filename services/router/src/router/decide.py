"""Decides about one mention: nobody acts, a new issue is opened, or it joins an open one. Pure.

The decision has two steps. :func:`assess` asks the rulebook alone, so it can run before any lock is held.
:func:`place` looks at the issues that are open now.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from router import cel
from router.facts import Facts, facts, shown
from router.issue import SEVERITIES, Issue
from router.issue_keys import IssueKeys, Key, issue_keys
from router.rulebook import AttentionRule, Destination, OwnershipRule, Rulebook, Subscription
from shenava.events import MentionClassified
from shenava.events.issues import ConditionValue, Decision
from shenava.events.mentions import Severity

DEFAULT = "default"
FALLBACK = "fallback"
UNSCORED_FACTS = ("status", "reason", "language")

R = TypeVar("R", AttentionRule, OwnershipRule, Subscription)
OpenIssue = Callable[[Key], Issue | None]
"""Finds the issue last opened under a key, whatever has become of it."""


@dataclass(frozen=True, slots=True)
class RuleFailed:
    """A rule that could not be evaluated on this mention."""

    rule_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Nobody has to act; the decision names the attention rule that says so, or ``default``."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class Route:
    """Somebody has to act: who, and why they."""

    destination: Destination
    subscribers: tuple[str, ...]
    decision: Decision
    failures: tuple[RuleFailed, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """A new issue begins under ``keys``."""

    keys: IssueKeys
    route: Route


@dataclass(frozen=True, slots=True)
class Merge:
    """The mention joins an open issue.

    Attributes:
        reroute: where the whole issue goes from now on, because this mention weighs more than what came before;
            None when it stays where it is.
    """

    issue_id: str
    keys: IssueKeys
    reroute: Route | None


def decide(
    event: MentionClassified, rulebook: Rulebook, open_issue: OpenIssue, merge_window: timedelta
) -> Pass | Open | Merge:
    """What becomes of the mention in ``event``."""
    assessed = assess(facts(event), rulebook)
    return assessed if isinstance(assessed, Pass) else place(event, assessed, open_issue, merge_window)


def assess(known: Facts, rulebook: Rulebook) -> Pass | Route:
    """Whether somebody has to act on a mention with these facts, and who.

    A rule that fails is never "no match": it sends the mention to the fallback queue, because the rule that failed
    might have been the one that mattered. An unscored mention goes there too: the rules know nothing of it.
    """
    bound = cel.bind(known)
    attention, tried = _first_match(rulebook.attention, bound)
    if attention is None and not rulebook.attends:
        return _pass(DEFAULT, rulebook)
    if isinstance(attention, AttentionRule) and not attention.act:
        return _pass(attention.id, rulebook)
    told, told_failures = _subscribers(rulebook.subscriptions, bound)
    if isinstance(attention, RuleFailed):
        reads = rulebook.attention[tried].condition.reads
        return _fallback(known, rulebook, told, (attention, *told_failures), reads=reads)
    if known["status"] == "unscored":
        return _fallback(known, rulebook, told, told_failures, reads=UNSCORED_FACTS)
    return _own(known, rulebook, bound, told, told_failures)


def place(event: MentionClassified, route: Route, open_issue: OpenIssue, merge_window: timedelta) -> Open | Merge:
    """Where the mention goes that ``route`` is for, given the issues there are."""
    keys = issue_keys(event)
    for key in keys:
        issue = open_issue(key)
        if issue is not None and issue.takes(event.mention.posted_at, merge_window):
            return Merge(issue.id, keys, route if outweighs(route, issue) else None)
    return Open(keys, route)


def outweighs(route: Route, issue: Issue) -> bool:
    """Whether a thread that began harmlessly has become more urgent than the queue it lies in was told."""
    return not issue.pinned and SEVERITIES.index(route.destination.severity) > SEVERITIES.index(issue.severity)


def _pass(rule_id: str, rulebook: Rulebook) -> Pass:
    return Pass(Decision(rule_id=rule_id, rulebook_version=rulebook.version))


def _own(
    known: Facts, rulebook: Rulebook, bound: cel.Bound, told: tuple[str, ...], told_failures: tuple[RuleFailed, ...]
) -> Route:
    found, tried = _first_match(rulebook.rules, bound)
    later, later_failures = _matching(rulebook.rules[tried + 1 :], bound)
    considered = tuple(rule.id for rule in rulebook.rules[:tried])
    failures = (*later_failures, *told_failures)
    if not isinstance(found, OwnershipRule):
        asked = rulebook.rules[: tried + 1]
        reads = tuple(dict.fromkeys(name for rule in asked for name in rule.condition.reads))
        failed = (found, *failures) if found else failures
        also = tuple(rule.id for rule in later)
        return _fallback(known, rulebook, told, failed, reads=reads, considered=considered, also_matching=also)
    decision = Decision(
        rule_id=found.id,
        rulebook_version=rulebook.version,
        condition=found.condition.source,
        facts=_values(known, found.condition.reads),
        considered=considered,
        also_matching=tuple(rule.id for rule in later),
        errors=tuple(failure.rule_id for failure in failures),
    )
    return Route(found.placement.of(_severity(known)), told, decision, failures)


def _fallback(
    known: Facts,
    rulebook: Rulebook,
    told: tuple[str, ...],
    failures: tuple[RuleFailed, ...],
    *,
    reads: Sequence[str],
    considered: tuple[str, ...] = (),
    also_matching: tuple[str, ...] = (),
) -> Route:
    decision = Decision(
        rule_id=FALLBACK,
        rulebook_version=rulebook.version,
        facts=_values(known, reads),
        considered=considered,
        also_matching=also_matching,
        errors=tuple(failure.rule_id for failure in failures),
        fallback=True,
    )
    return Route(rulebook.fallback.of(_severity(known)), told, decision, failures)


def _severity(known: Facts) -> Severity:
    return next(severity for severity in SEVERITIES if severity == known["severity"])


def _first_match(rules: Sequence[R], bound: cel.Bound) -> tuple[R | RuleFailed | None, int]:
    """The first rule that holds or fails, and how many were tried before it."""
    for tried, rule in enumerate(rules):
        match rule.condition.holds(bound):
            case cel.Failed(reason):
                return RuleFailed(rule.id, reason), tried
            case True:
                return rule, tried
    return None, len(rules)


def _matching(rules: Iterable[R], bound: cel.Bound) -> tuple[list[R], tuple[RuleFailed, ...]]:
    """All rules that hold, and those that fail."""
    matching: list[R] = []
    failures: list[RuleFailed] = []
    for rule in rules:
        match rule.condition.holds(bound):
            case cel.Failed(reason):
                failures.append(RuleFailed(rule.id, reason))
            case True:
                matching.append(rule)
    return matching, tuple(failures)


def _subscribers(rules: Sequence[Subscription], bound: cel.Bound) -> tuple[tuple[str, ...], tuple[RuleFailed, ...]]:
    """Who is told beside the owner; a subscription that fails tells, because silence could not be noticed."""
    matching, failures = _matching(rules, bound)
    failed = {failure.rule_id for failure in failures}
    told = [rule.notify for rule in rules if rule in matching or rule.id in failed]
    return tuple(dict.fromkeys(told)), failures


def _values(known: Facts, names: Sequence[str]) -> tuple[ConditionValue, ...]:
    return tuple(ConditionValue(name=name, value=shown(known[name])) for name in names)
