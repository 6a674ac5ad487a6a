"""The formulas of the catalogue: rows of one bucket and one group in, a figure out. Pure.

A formula never sees the database or the clock; ``as_of`` is the instant that whatever still runs is measured at.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from metrics_api.figures import Figure, percentage, ratio, rounded, wilson
from metrics_api.inputs import Account, IssueCount, LevelCount, MentionCount, PlaceCount
from metrics_api.rows import DELETED

SENTIMENTS = ("positive", "neutral", "negative")
PLACES = ("open", "resolved", "closed", "passed", "on_its_way", "forgotten")
STATES = ("open", "resolved", "closed", "unknown")


def reputation_score(rows: Sequence[MentionCount], _as_of: datetime) -> Figure:
    """M1: net sentiment 100·(P−N)/(P+N+U), with the index (100·P+50·U)/(P+N+U)."""
    outcomes = _by_outcome(rows)
    n = sum(outcomes[name] for name in SENTIMENTS)
    unscored = {name: count for name, count in sorted(outcomes.items()) if name not in SENTIMENTS}
    everything = n + sum(unscored.values())
    scored = [row for row in rows if row.outcome in SENTIMENTS]
    detail: dict[str, Any] = {
        **{name: outcomes[name] for name in SENTIMENTS},
        "unscored": unscored,
        "unscored_share": ratio(everything - n, everything),
        "models": _by_model(scored),
        **_intervals(outcomes, n),
        "languages": {language: _language(scored, language) for language in sorted({row.language for row in scored})},
    }
    if n:
        return Figure(_net(outcomes, n), n, detail=detail, corrected=_corrected(scored))
    return Figure(None, 0, "all_unscored" if everything else "no_mentions", detail, corrected=0)


def mentions(rows: Sequence[MentionCount], _as_of: datetime) -> Figure:
    """How many mentions stand, by outcome; those taken back by their authors are told beside."""
    outcomes = _by_outcome(rows)
    total = outcomes.total()
    deleted = sum(row.mentions for row in rows if row.outcome == DELETED)
    detail = {"outcomes": dict(sorted(outcomes.items())), "deleted": deleted}
    return Figure(total, total, detail=detail, corrected=_corrected(rows))


def issues(rows: Sequence[IssueCount], _as_of: datetime) -> Figure:
    """How many issues were opened, by the state they are in now."""
    states: Counter[str] = Counter()
    for row in rows:
        states[row.state] += row.issues
    return Figure(states.total(), states.total(), detail={"states": dict(sorted(states.items()))})


def unrouted_issues(rows: Sequence[IssueCount], _as_of: datetime) -> Figure:
    """How many issues no ownership rule matched, so that the fallback took them."""
    total = sum(row.issues for row in rows)
    fallback = sum(row.issues for row in rows if row.fallback)
    return Figure(fallback, total, detail={"share": ratio(fallback, total)})


def escalations(rows: Sequence[LevelCount], _as_of: datetime) -> Figure:
    """How many levels of the ladder were reached, before, at and after the deadline."""
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds[row.kind] += row.levels
    return Figure(kinds.total(), kinds.total(), detail={"kinds": dict(sorted(kinds.items()))})


def forgotten_issues(rows: Sequence[Account], _as_of: datetime) -> Figure:
    """M32: what the books do not account for. Must be 0.

    Every mention heard is in an open, a resolved or a closed issue, was passed by a rule, or is on its way; what is
    none of these is forgotten. Every issue has all its events and an owner. ``heard`` comes from the counts and the
    other terms from the rows: the two are kept apart on purpose, so that a loss on either side shows. Complaints and
    the other mentions have an equation each, so that nothing missed here is made good there, or counted twice.
    """
    terms: Counter[tuple[str, str]] = Counter()
    for row in rows:
        terms[row.of, row.term] += row.number
    complaints, others = _equation(terms, "complaints"), _equation(terms, "others")
    everything = {name: complaints[name] + others[name] for name in complaints}
    told = {name: terms["issues", name] for name in (*STATES, "incomplete", "unowned")}
    differences = abs(complaints["difference"]) + abs(others["difference"])
    return Figure(
        everything["forgotten"] + differences + told["incomplete"] + told["unowned"],
        everything["heard"],
        detail={"complaints": complaints, "mentions": everything, "issues": told},
        corrected=terms["complaints", "corrected"] + terms["others", "corrected"],
    )


def _equation(terms: Counter[tuple[str, str]], of: str) -> dict[str, int]:
    equation = {name: terms[of, name] for name in ("heard", *PLACES)}
    return equation | {"difference": equation["heard"] - sum(equation[name] for name in PLACES)}


def complaints_without_issue(rows: Sequence[PlaceCount], _as_of: datetime) -> Figure:
    """How many complaints are in no issue: a rule passed them, or they are forgotten."""
    places: Counter[str] = Counter()
    for row in rows:
        places[row.place] += row.complaints
    without = places["passed"] + places["forgotten"]
    corrected = sum(row.complaints for row in rows if row.corrected)
    detail = {"places": {name: places[name] for name in PLACES}}
    return Figure(without, places.total(), detail=detail, corrected=corrected)


def _by_outcome(rows: Sequence[MentionCount]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in rows:
        if row.outcome != DELETED:
            counted[row.outcome] += row.mentions
    return counted


def _corrected(rows: Sequence[MentionCount]) -> int:
    return sum(row.mentions for row in rows if row.corrected)


def _by_model(rows: Sequence[MentionCount]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row.model] += row.mentions
    return dict(sorted(counted.items()))


def _net(outcomes: Counter[str], n: int) -> Decimal | None:
    return percentage(outcomes["positive"] - outcomes["negative"], n)


def _intervals(outcomes: Counter[str], n: int) -> dict[str, Any]:
    if not n:
        return {"index": None, "index_interval": None, "net_interval": None}
    points = 100 * outcomes["positive"] + 50 * outcomes["neutral"]
    low, high = wilson(points, n)
    return {
        "index": ratio(points, n),
        "index_interval": [low, high],
        # net = 2 * index - 100, so its interval is the same one, stretched.
        "net_interval": [rounded(2 * low - 100), rounded(2 * high - 100)],
    }


def _language(scored: Sequence[MentionCount], language: str) -> dict[str, Any]:
    outcomes = _by_outcome([row for row in scored if row.language == language])
    n = outcomes.total()
    return {"n": n, "net": _net(outcomes, n), **_intervals(outcomes, n)}
