"""What the demo shows at its end, counted from the topics, and how it compares with people's labels. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shenava.events import (
    IssueEvent,
    IssueMentionAdded,
    IssueOpened,
    IssueRouted,
    MentionClassified,
    MentionPassed,
)

MentionKey = tuple[str, str, str]  # channel, native id, change


@dataclass(frozen=True)
class Outcome:
    """What became of one line of the sample."""

    language: str
    sentiment: str | None
    reason: str | None
    intent: str | None
    queue: str | None


def outcomes(classified: Iterable[MentionClassified], lifecycle: Sequence[IssueEvent]) -> dict[MentionKey, Outcome]:
    """The outcome of every classified mention; a mention that joined an issue shares its queue."""
    queue_of_issue = {e.issue_id: str(e.queue) for e in lifecycle if isinstance(e, IssueRouted)}
    issue_of = {e.mention_id: e.issue_id for e in lifecycle if isinstance(e, IssueOpened | IssueMentionAdded)}
    found: dict[MentionKey, Outcome] = {}
    for event in classified:
        mention, verdict = event.mention, event.classification
        issue = issue_of.get(mention.mention_id)
        found[mention.channel, mention.native_id, mention.change] = Outcome(
            verdict.language,
            verdict.sentiment,
            verdict.reason,
            verdict.intent,
            queue_of_issue.get(issue) if issue else None,
        )
    return found


def counts(
    found: Mapping[MentionKey, Outcome], lifecycle: Iterable[IssueEvent], passed: Iterable[MentionPassed]
) -> dict[str, Any]:
    """The figures that depend on the model and the rulebook alone, not on time: what the golden file keeps."""
    sentiments = Counter(f"{o.language}/{o.sentiment or o.reason}" for o in found.values())
    distinct = {e.issue_id: e for e in lifecycle if isinstance(e, IssueRouted)}
    routes = Counter(f"{e.queue}/{e.decision.rule_id}" for e in distinct.values())
    passes = Counter(e.rule_id for e in {e.event_id: e for e in passed}.values())
    return {
        "mentions": len(found),
        "classified": dict(sorted(sentiments.items())),
        "issues": len(distinct),
        "routes": dict(sorted(routes.items())),
        "passed": dict(sorted(passes.items())),
    }


def differences(golden: Mapping[str, Any], now: Mapping[str, Any], place: str = "") -> list[str]:
    """Where ``now`` is not what ``golden`` says, as lines."""
    found = []
    for key in sorted(golden.keys() | now.keys()):
        was, is_now, where = golden.get(key), now.get(key), f"{place}{key}"
        if isinstance(was, Mapping) and isinstance(is_now, Mapping):
            found += differences(was, is_now, where + ": ")
        elif was != is_now:
            found.append(f"{where}: golden {was}, now {is_now}")
    return found


@dataclass(frozen=True)
class Agreement:
    """How often machine and person say the same in one language.

    Attributes:
        scored: of ``labelled``, how many the model dared to score.
        sentiment, intent: same label, of those scored; None when there are none.
        queue: same queue (or nobody), of all lines of the language.
    """

    language: str
    lines: int
    labelled: int
    scored: int
    sentiment: float | None
    intent: float | None
    queue: float


def agreement(found: Mapping[MentionKey, Outcome], truth: Iterable[Mapping[str, Any]]) -> list[Agreement]:
    """The agreement per language of the truth, the largest first."""
    by_language: dict[str, list[tuple[Outcome, Mapping[str, Any]]]] = {}
    seen: set[MentionKey] = set()
    for line in truth:
        key = (line["channel"], line["native_id"], line.get("change", "posted"))
        if key in found and key not in seen:  # a repeat is the same line
            seen.add(key)
            by_language.setdefault(line["language"], []).append((found[key], line))
    rows = [_agreement(language, pairs) for language, pairs in by_language.items()]
    return sorted(rows, key=lambda row: -row.lines)


def _agreement(language: str, pairs: Sequence[tuple[Outcome, Mapping[str, Any]]]) -> Agreement:
    labelled = [(o, t) for o, t in pairs if t["sentiment"] is not None]
    scored = [(o, t) for o, t in labelled if o.sentiment is not None]
    return Agreement(
        language,
        len(pairs),
        len(labelled),
        len(scored),
        _share([o.sentiment == t["sentiment"] for o, t in scored]),
        _share([o.intent == t["intent"] for o, t in scored]),
        _share([o.queue == t["queue"] for o, t in pairs]) or 0.0,
    )


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
