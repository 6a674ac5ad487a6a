"""The commands of the sla-watcher that need no server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sla_watcher.__main__ import app

CONFIG = Path(__file__).parents[2] / "config" / "sla.yaml"


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_a_good_policy_file_is_said_to_be_good() -> None:
    code, told, _ = _run("policy", "check", str(CONFIG))
    assert code == 0
    assert "is good: 3 policies, version" in told


def test_a_wrong_policy_file_ends_the_command_with_each_fault(tmp_path: Path) -> None:
    wrong = tmp_path / "sla.yaml"
    wrong.write_text("policies: [{name: a, triage: {target: soon}}]", "utf-8")
    code, _, told = _run("policy", "check", str(wrong))
    assert code == 1
    assert "policies[0].triage.target: 'soon' is not a duration" in told


def test_a_policy_is_explained_with_the_time_of_each_level_in_the_zone_that_was_asked_in() -> None:
    code, told, _ = _run(
        "policy", "explain", str(CONFIG), "--queue", "product", "--severity", "low",
        "--complaint-at", "2026-11-23T09:00:00+0330", "--routed-at", "2026-11-23T07:30:00",
    )  # fmt: skip
    assert code == 0
    lines = told.splitlines()
    assert lines[0].startswith("policy product-ideas (version ")
    assert lines[1] == "triage: 12:00:00 from the complaint"
    assert lines[2].split() == ["2026-11-23T18:00:00+03:30", "-25%", "warn", "warning", "tells", "owner"]
    assert lines[6] == "resolution: 3 days, 0:00:00 from the handoff"
    assert lines[8].split()[:3] == ["2026-11-26T11:00:00+03:30", "0", "breach"]
    assert len(lines) == 11


@pytest.mark.parametrize("arguments", [["--queue", "sales"], ["--severity", "urgent"], ["--complaint-at", "noon"]])
def test_a_question_about_what_does_not_exist_is_refused(arguments: list[str]) -> None:
    code, _, told = _run("policy", "explain", str(CONFIG), *arguments)
    assert code == 2
    assert arguments[1] in told


def test_the_openapi_document_has_both_routes_and_their_answers() -> None:
    code, told, _ = _run("openapi")
    document = json.loads(told)
    assert code == 0
    assert set(document["paths"]) == {"/v1/clocks/summary", "/v1/clocks/{issue_id}"}
    assert {"IssueClocks", "ClockSummary", "Problem"} <= set(document["components"]["schemas"])
