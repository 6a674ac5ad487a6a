"""``router rules``: what a person is told of a rulebook, and why a mention would go where it would go."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from router.__main__ import app
from rulebooks import SAMPLE, small, written
from shenava.testing.builders import classification, classified


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rulebook.yaml"
    path.write_bytes(written(small()))
    return path


def router(*arguments: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


def explained(file: Path, mention: Any) -> str:
    result = router("rules", "explain", file, "--mention", json.dumps(mention, ensure_ascii=False))
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_a_right_rulebook_is_counted(file: Path) -> None:
    result = router("rules", "check", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "4 attention rules, 5 rules, 2 subscriptions" in result.stdout


def test_the_faults_of_a_wrong_one_are_listed_one_a_line(file: Path) -> None:
    data = small()
    data["rules"][0]["when"] = "nobody"
    data["rules"][1]["queue"] = "product"
    data["rules"][2]["id"] = "wish"
    file.write_bytes(written(data))
    result = router("rules", "check", file)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{file}:") for line in lines)
    assert "rules[0].when (rule refund) at 1:1 of the condition: there is no 'nobody'" in lines[0]


def test_a_route_is_explained_by_its_rule_and_the_facts_it_read(file: Path) -> None:
    told = explained(file, {"text": "اپ كرش می‌کنه", "intent": "complaint", "followers": 2000})
    assert "product" in told
    assert "app-lead@nilgoon.example" in told
    assert "text = اپ کرش می کنه" in told
    assert "refund" in told
    assert "pr" in told.split()


def test_an_explanation_says_whose_severity_it_is_and_why(file: Path) -> None:
    assert "severity        high (the rule's)" in explained(file, {"intent": "refund", "severity": "low"})
    assert "severity        low (the mention's)" in explained(file, {"intent": "question", "severity": "low"})
    verdict = classification(intent="lead", severity="high", severity_reasons=("harm:مسموم", "reach:12000"))
    event = msgspec.json.encode(classified(classification=verdict))
    told = router("rules", "explain", file, "--mention", "-", given=event).stdout
    assert "severity        high (the mention's: harm:مسموم, reach:12000)" in told


def test_a_mention_that_nobody_acts_on_names_the_attention_rule(file: Path) -> None:
    assert "nobody has to act: attention rule spam" in explained(file, {"intent": "spam"})


def test_a_whole_event_from_the_topic_can_be_explained(file: Path, tmp_path: Path) -> None:
    event = msgspec.json.encode(classified(classification=classification(intent="refund")))
    (tmp_path / "event.json").write_bytes(event)
    by_file = router("rules", "explain", file, "--mention", f"@{tmp_path / 'event.json'}")
    by_input = router("rules", "explain", file, "--mention", "-", given=event)
    assert by_file.stdout == by_input.stdout
    assert "intent = refund" in by_file.stdout


@pytest.mark.parametrize(
    ("mention", "expected"),
    [
        ("{", "malformed_json"),
        ("[]", "invalid_field"),
        ('{"sentimant": "negative"}', "there is no 'sentimant'"),
        ('{"followers": "many"}', "(at /followers)"),
        ('{"severity": "awful"}', "severity is never 'awful'; it is one of 'critical', 'high', 'low', 'normal'"),
        ('{"mention": {}}', "invalid_field"),
        ("@/nowhere/event.json", "No such file"),
    ],
)
def test_a_mention_that_cannot_be_read_says_why(file: Path, mention: str, expected: str) -> None:
    result = router("rules", "explain", file, "--mention", mention)
    assert result.exit_code == 1
    assert expected in result.stderr


def test_a_failing_rule_is_named_with_its_reason(file: Path) -> None:
    data = small()
    data["rules"][0]["when"] = "1 / rating == 5"
    file.write_bytes(written(data))
    told = explained(file, {"intent": "refund"})
    assert "failed          refund: INVALID_ARGUMENT: divide by zero" in told
    assert "fallback" in told


def test_the_sample_rulebook_passes_its_own_check() -> None:
    assert router("rules", "check", SAMPLE).exit_code == 0
