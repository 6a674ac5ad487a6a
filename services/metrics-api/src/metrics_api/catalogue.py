"""The catalogue: every metric that is served, with its formula and what it is made from. Pure.

To add a metric: an entry here, its formula in a pure module, and, if no row type of ``inputs.py`` serves it, one more
with its SELECT in ``reading.py``. The API, the gauges, the drill-down and the document follow from the entry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from metrics_api import formulas, promises
from metrics_api.figures import Figure
from metrics_api.inputs import Account, IssueCount, LevelCount, MentionCount, PlaceCount, Round

Dimension = Literal[
    "channel", "language", "outcome", "intent", "role", "model", "queue", "severity", "state", "clock", "kind", "level"
]
Evidence = Literal["mentions", "issues", "fallback", "rounds", "levels", "forgotten", "without_issue"]
Direction = Literal["up", "down", "zero", "none"]
Formula = Callable[[Sequence[Any], datetime], Figure]

OF_MENTIONS: tuple[Dimension, ...] = ("channel", "language", "intent", "role", "model")
OF_ISSUES: tuple[Dimension, ...] = ("queue", "severity", "channel", "language", "intent")


@dataclass(frozen=True)
class Metric:
    """One entry.

    Attributes:
        id: its number in the list of metrics, `M…`; `C…` for the plain counts.
        formula: what is computed, for people.
        inputs: the topics it is made from.
        version: grows whenever the formula gives another number for the same events.
        group_by: the dimensions it can be split and filtered by.
        direction: where good is: `up`, `down`, exactly `zero`, or `none`.
        rows: the type of input the formula takes, which also says how it is read.
        figure: the formula.
        evidence: what a number drills down to.
        timed: the number also depends on the instant it is asked at.
    """

    name: str
    id: str
    title: str
    formula: str
    unit: str
    inputs: tuple[str, ...]
    group_by: tuple[Dimension, ...]
    direction: Direction
    rows: type[tuple[Any, ...]]
    figure: Formula
    evidence: Evidence
    version: int = 1
    timed: bool = False


METRICS: tuple[Metric, ...] = (
    Metric(
        name="reputation_score",
        id="M1",
        title="Reputation",
        formula=(
            "net sentiment 100·(P−N)/(P+N+U) of positive, negative and neutral mentions; beside it the index "
            "(100·P+50·U)/(P+N+U) with its 95 % Wilson score interval, the share unscored, the models that spoke, "
            "and all of it per language"
        ),
        unit="points from −100 to 100",
        inputs=("mentions.classified", "mentions.corrected"),
        group_by=OF_MENTIONS,
        direction="up",
        rows=MentionCount,
        figure=formulas.reputation_score,
        evidence="mentions",
    ),
    Metric(
        name="triage_12h",
        id="M29",
        title="Triage within 12 hours",
        formula=(
            "rounds with both an empathetic reply and a routing within 12 h of the complaint / those and the rounds "
            "that went past 12 h; what was resolved earlier without a reply does not count; beside it median and 95th "
            "percentile (nearest rank) of those triaged, the oldest open one, and which half is missing"
        ),
        unit="share from 0 to 1",
        inputs=("issues.lifecycle",),
        group_by=OF_ISSUES,
        direction="up",
        rows=Round,
        figure=promises.triage_12h,
        evidence="rounds",
        timed=True,
    ),
    Metric(
        name="resolution_24h",
        id="M30",
        title="Resolution within 24 hours",
        formula=(
            "rounds resolved within 24 h of the complaint, pauses left out / those and the rounds that went past 24 h; "
            "beside it the same from the hand-off, and median, 95th percentile (nearest rank) and oldest open one of "
            "both"
        ),
        unit="share from 0 to 1",
        inputs=("issues.lifecycle",),
        group_by=OF_ISSUES,
        direction="up",
        rows=Round,
        figure=promises.resolution_24h,
        evidence="rounds",
        timed=True,
    ),
    Metric(
        name="forgotten_issues",
        id="M32",
        title="Forgotten issues",
        formula=(
            "forgotten mentions + the amount by which counts and rows differ + issues with a gap in their events + "
            "issues without an owner 5 minutes after the complaint; mentions heard = in an open issue + in a resolved "
            "one + in a closed one + passed by a rule in their latest revision + on their way (heard here less than 5 "
            "minutes ago) + forgotten + difference, told for complaints and for all mentions, those taken back "
            "included; a complaint is a mention with the intent complaint or refund, neither from staff nor from a "
            "competitor"
        ),
        unit="mentions and issues",
        inputs=("mentions.classified", "mentions.corrected", "mentions.passed", "issues.lifecycle"),
        group_by=(),
        direction="zero",
        rows=Account,
        figure=formulas.forgotten_issues,
        evidence="forgotten",
        version=2,
        timed=True,
    ),
    Metric(
        name="mentions",
        id="C1",
        title="Mentions",
        formula="mentions in their latest revision, without those taken back; by outcome",
        unit="mentions",
        inputs=("mentions.classified", "mentions.corrected"),
        group_by=(*OF_MENTIONS, "outcome"),
        direction="none",
        rows=MentionCount,
        figure=formulas.mentions,
        evidence="mentions",
    ),
    Metric(
        name="issues",
        id="C2",
        title="Issues",
        formula="issues whose first complaint was made in the period, by the state they are in now",
        unit="issues",
        inputs=("issues.lifecycle",),
        group_by=(*OF_ISSUES, "state"),
        direction="none",
        rows=IssueCount,
        figure=formulas.issues,
        evidence="issues",
    ),
    Metric(
        name="unrouted_issues",
        id="C3",
        title="Unrouted issues",
        formula="issues that no ownership rule matched and the fallback took; n is all issues",
        unit="issues",
        inputs=("issues.lifecycle",),
        group_by=OF_ISSUES,
        direction="zero",
        rows=IssueCount,
        figure=formulas.unrouted_issues,
        evidence="fallback",
    ),
    Metric(
        name="escalations",
        id="C4",
        title="Escalations",
        formula="levels of the ladder reached in the period, by kind: warned, breached, escalated",
        unit="levels",
        inputs=("sla.escalations",),
        group_by=("clock", "kind", "level", "queue", "severity"),
        direction="down",
        rows=LevelCount,
        figure=formulas.escalations,
        evidence="levels",
    ),
    Metric(
        name="complaints_without_issue",
        id="C5",
        title="Complaints without an issue",
        formula=(
            "complaints (as in M32) that are in no issue: passed by a rule of the rulebook, or forgotten; beside it "
            "the places of all of them; n is all complaints"
        ),
        unit="complaints",
        inputs=("mentions.classified", "mentions.corrected", "mentions.passed", "issues.lifecycle"),
        group_by=OF_MENTIONS,
        direction="down",
        rows=PlaceCount,
        figure=formulas.complaints_without_issue,
        evidence="without_issue",
        version=2,
        timed=True,
    ),
)
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in METRICS}
