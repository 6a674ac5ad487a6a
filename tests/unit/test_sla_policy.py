"""Policy files: what they promise, and that a wrong one says where and how to mend it."""

from datetime import timedelta
from pathlib import Path

import pytest

from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.settings import InvalidSettings
from sla_watcher.policy import InvalidPolicy, parse
from sla_watcher.settings import load

CONFIG = Path(__file__).parents[2] / "config" / "sla.yaml"
THREE = """
policies:
  - {name: urgent, when: {severity: [critical]}, triage: {target: 1h}}
  - {name: product, when: {queue: [product], severity: [low, normal]}, resolution: {target: 3d, anchor: handoff}}
  - {name: standard}
"""


def test_the_shortest_file_promises_twelve_and_twenty_four_hours_from_the_complaint() -> None:
    policy = parse("policies: [{name: standard}]").choose(None, "normal")
    assert (policy.triage.target, policy.triage.anchor) == (timedelta(hours=12), "complaint")
    assert (policy.resolution.target, policy.resolution.anchor) == (timedelta(hours=24), "complaint")


def test_the_default_ladder_warns_at_three_quarters_and_escalates_twice_after_the_breach() -> None:
    terms = parse("policies: [{name: standard}]").choose(None, "normal").triage
    assert [(level.kind, level.offset.of(terms.target), level.tell) for level in terms.ladder] == [
        ("warn", timedelta(hours=-3), ("owner",)),
        ("breach", timedelta(), ("owner",)),
        ("escalate", timedelta(hours=3), ("lead",)),
        ("escalate", timedelta(hours=12), ("manager",)),
    ]


@pytest.mark.parametrize(
    ("queue", "severity", "name"),
    [
        ("product", "critical", "urgent"),
        (None, "critical", "urgent"),
        ("product", "low", "product"),
        ("product", "high", "standard"),
        ("content", "low", "standard"),
        (None, "low", "standard"),
    ],
)
def test_the_first_policy_that_matches_wins(queue: Queue | None, severity: Severity, name: str) -> None:
    assert parse(THREE).choose(queue, severity).name == name


def test_the_version_follows_the_content_and_not_its_layout() -> None:
    laid_out = "# why\npolicies:\n  - triage: {target: 12h}\n    name: standard\n"
    assert parse(laid_out).version == parse("policies: [{name: standard, triage: {target: 12h}}]").version
    assert parse(laid_out).version != parse("policies: [{name: standard, triage: {target: 13h}}]").version


def test_a_clock_that_runs_faster_divides_every_duration_and_is_another_version() -> None:
    ladder = "ladders: {default: [{name: b, kind: breach, offset: 0}, {name: l, kind: escalate, offset: +2h}]}\n"
    plain, fast = parse(ladder + THREE), parse(ladder + THREE, speed=60)
    terms = fast.choose("product", "low").resolution
    assert terms.target == timedelta(hours=72) / 60
    assert terms.ladder[1].offset.of(terms.target) == timedelta(minutes=2)
    assert fast.version == plain.version + "@60x"


def test_the_sample_file_is_good() -> None:
    names = [policy.name for policy in load(CONFIG).policies]
    assert names == ["urgent", "product-ideas", "standard"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file: Input should be"),
        ("policies: []", "policies: Tuple should have at least 1 item"),
        ("policies: [", "not YAML"),
        ("policies: 2026-02-30", "not YAML: day is out of range"),
        ("policies: &all [*all]", "nested too deeply"),
        ("policies: [{name: a, name: b}]", "line 1: 'name' is given twice"),
        ("policies: [{name: a}]\npolicies: [{name: b}]", "line 2: 'policies' is given twice"),
        ("polices: [{name: a}]", "polices: Extra inputs are not permitted"),
        (
            "policies: [{name: a, triage: {target: 12 hours}}]",
            "policies[0].triage.target: '12 hours' is not a duration",
        ),
        ("policies: [{name: a, triage: {anchor: handoff}}]", "policies[0].triage.anchor: Extra inputs"),
        (
            "policies: [{name: a, resolution: {anchor: noon}}]",
            "policies[0].resolution.anchor: Input should be 'complaint'",
        ),
        ("policies: [{name: a, calendar: office}]", "policies[0].calendar: Input should be '24x7'"),
        ("policies: [{name: a, when: {queue: [sales]}}]", "policies[0].when.queue[0]: Input should be"),
        ("policies: [{name: a, when: {severity: []}}]", "policies[0].when.severity: "),
        ("policies: [{name: A b}]", "policies[0].name: String should match"),
        ("policies: [{name: a, triage: {ladder: steep}}]", "policy 'a', triage: no ladder is called 'steep'"),
        ("policies: [{name: a, when: {queue: [product]}}]", "some issues match none"),
        ("policies: [{name: a}, {name: b}]", "policies[1]: 'b' is never reached"),
        (
            "policies: [{name: a, when: {severity: [low, normal, high, critical]}}, {name: b}]",
            "policies[1]: 'b' is never reached",
        ),
        ("policies: [{name: a, when: {severity: [low]}}, {name: a}]", "two are called 'a'"),
    ],
)
def test_a_wrong_policy_says_where_and_how_to_mend_it(text: str, told: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        parse(text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ("[]", "ladders.default: Tuple should have at least 1 item"),
        ("[{name: w, kind: warn, offset: -1h}]", "0 levels of kind breach"),
        ("[{name: b, kind: breach, offset: 0}, {name: c, kind: breach, offset: +1h}]", "2 levels of kind breach"),
        ("[{name: b, kind: breach, offset: -1h}]", "'b' breaches before the deadline"),
        ("[{name: b, kind: breach, offset: -10%}]", "'b' breaches before the deadline"),
        ("[{name: b, kind: breach, offset: 0}, {name: b, kind: warn, offset: -1h}]", "two levels are called 'b'"),
        (
            "[{name: b, kind: breach, offset: 0}, {name: w, kind: warn, offset: -13h}]",
            "would fall due before the clock",
        ),
        ("[{name: b, kind: breach, offset: soon}]", "ladders.default[0].offset: 'soon' is not an offset"),
        ("[{name: b, kind: nag, offset: 0}]", "ladders.default[0].kind: Input should be 'warn'"),
    ],
)
def test_a_wrong_ladder_says_where_and_how_to_mend_it(levels: str, told: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        parse(f"ladders: {{default: {levels}}}\npolicies: [{{name: standard}}]")
    assert told in str(refused.value)


def test_every_fault_of_a_file_is_told_at_once() -> None:
    with pytest.raises(InvalidPolicy) as refused:
        parse("policies: [{name: a, triage: {ladder: x}}, {name: b, resolution: {ladder: y}}]")
    assert len(str(refused.value).splitlines()) == 3


def test_a_policy_file_that_is_missing_or_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="SHENAVA_SLA_POLICY"):
        load(tmp_path / "none.yaml")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("policies: []", "utf-8")
    with pytest.raises(InvalidSettings, match=r"wrong\.yaml needs mending: policies:"):
        load(wrong)
