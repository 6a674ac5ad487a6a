"""The demo's summary as tables for a terminal."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from shenava.dev.stack import UP_PORTS
from shenava.dev.summary import Agreement, Outcome
from shenava.events import IssueRouted, SlaFired

WORTH_A_LOOK = (
    ("ingestor", "/openapi.json", "how mentions and facts are submitted"),
    ("router", "/v1/issues", "the issues; needs the API key"),
    ("router", "/openapi.json", "how a support tool answers"),
    ("sla-watcher", "/v1/clocks/summary", "the clocks; needs the API key"),
    ("metrics-api", "/v1/metrics", "the catalogue of numbers; needs the API key"),
    ("receiver", "/received", "what the webhook receiver has verified"),
    ("sentiment", "/metrics", "Prometheus metrics, of every service at this path"),
)


@dataclass(frozen=True)
class Number:
    """A metric's answer; without a value, the reason why there is none."""

    value: float | None
    unit: str
    n: int
    reason: str | None


@dataclass(frozen=True)
class Shown:
    """Everything the summary prints."""

    counts: dict[str, Any]
    outcomes: tuple[Outcome, ...]
    routed: tuple[IssueRouted, ...]
    fired: tuple[SlaFired, ...]
    webhooks: dict[str, Any]
    clocks: dict[str, Any]
    numbers: dict[str, Number]
    agreement: tuple[Agreement, ...]
    golden_known: bool
    differences: tuple[str, ...]
    violations: tuple[str, ...]


def show(console: Console, shown: Shown) -> None:
    """Print the summary."""
    console.rule("What the loop made of it")
    console.print(_heard(shown))
    console.print(_routes(shown))
    console.print(_promises(shown))
    console.print(_agreement(shown.agreement))
    _verdict(console, shown)
    console.print(addresses("To look around: make up, then open"))


def _heard(shown: Shown) -> Table:
    table = Table(title=f"{shown.counts['mentions']} mentions heard", title_justify="left")
    for name in ("language", "negative", "neutral", "positive", "unscored"):
        table.add_column(name, justify="left" if name == "language" else "right")
    by_language: dict[str, Counter[str]] = {}
    for outcome in shown.outcomes:
        by_language.setdefault(outcome.language, Counter())[outcome.sentiment or "unscored"] += 1
    for language, n in sorted(by_language.items(), key=lambda item: -item[1].total()):
        table.add_row(language, *(str(n[name]) for name in ("negative", "neutral", "positive", "unscored")))
    return table


def _routes(shown: Shown) -> Table:
    table = Table(title=f"{shown.counts['issues']} issues, each with its owner", title_justify="left")
    for name in ("queue", "owner", "rule"):
        table.add_column(name)
    table.add_column("issues", justify="right")
    rows = Counter((str(e.queue), e.owner, e.decision.rule_id) for e in {e.issue_id: e for e in shown.routed}.values())
    for (queue, owner, rule), n in sorted(rows.items(), key=lambda item: (item[0][0], -item[1])):
        table.add_row(queue, owner, rule, str(n))
    return table


def _promises(shown: Shown) -> Table:
    table = Table(title="Told and timed", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    for kind, n in sorted(shown.webhooks["types"].items()):
        table.add_row(f"webhooks received and verified: {kind}", str(n))
    for outcome in ("repeated", "refused"):
        table.add_row(f"webhooks {outcome}", str(shown.webhooks[outcome]))
    for clock, n in sorted(shown.clocks["running"].items()):
        table.add_row(f"{clock} clocks running", str(n))
    levels = Counter((e.clock, e.level) for e in {e.event_id: e for e in shown.fired}.values())
    for (clock, level), n in sorted(levels.items()):
        table.add_row(f"{clock}: {level}", str(n))
    return table


def _agreement(rows: tuple[Agreement, ...]) -> Table:
    table = Table(title="Agreement with the labels of a person", title_justify="left")
    table.add_column("language as a person says")
    for name in ("lines", "scored", "sentiment", "intent", "queue"):
        table.add_column(name, justify="right")
    for row in rows:
        scored = f"{row.scored} of {row.labelled}"
        table.add_row(
            row.language, str(row.lines), scored, _percent(row.sentiment), _percent(row.intent), _percent(row.queue)
        )
    return table


def _verdict(console: Console, shown: Shown) -> None:
    for name, number in shown.numbers.items():
        value = number.reason if number.value is None else f"{number.value:g} {number.unit}"
        console.print(f"{name}: [bold]{value}[/bold] (n = {number.n})", highlight=False)
    for line in (*shown.violations, *shown.differences):
        console.print(f"[red]{line}", highlight=False)
    golden = f"{len(shown.differences)} differences" if shown.golden_known else "no golden file yet"
    console.print(f"laws of the loop broken: {len(shown.violations)}; against the golden file: {golden}")


def addresses(title: str) -> Table:
    """Where to look when the stack is kept running."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column("address")
    table.add_column("what")
    for name, path, what in WORTH_A_LOOK:
        table.add_row(f"http://127.0.0.1:{UP_PORTS[name]}{path}", what)
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
