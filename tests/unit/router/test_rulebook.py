"""A rulebook is taken whole or refused with every fault named: file, line, entry, rule, position."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router.rulebook import Rulebook, load, parse
from router.rulebook_faults import InvalidRulebook
from rulebooks import SAMPLE, book, small, written

Bend = Callable[[dict[str, Any]], object]


def faults_of(content: bytes) -> str:
    with pytest.raises(InvalidRulebook) as refused:
        parse(content, "rulebook.yaml")
    return str(refused.value)


def when(text: str) -> Bend:
    """Put ``text`` as the condition of the third rule."""
    return lambda data: data["rules"][2].update(when=text)


BAD: dict[str, tuple[Bend, str]] = {
    "no fallback": (lambda d: d.pop("fallback"), "fallback: Field required"),
    "fallback without a queue": (lambda d: d["fallback"].pop("queue"), "fallback.queue: Field required"),
    "fallback to an unknown queue": (lambda d: d["fallback"].update(queue="legal"), "fallback.queue: Input should be"),
    "no queues": (lambda d: d.pop("queues"), "queues: Field required"),
    "a queue is missing": (
        lambda d: d["queues"].pop("product"),
        "product is missing; every queue needs an accountable",
    ),
    "a queue without an owner": (lambda d: d["queues"]["content"].pop("owner"), "queues.content.owner: Field required"),
    "an empty owner": (lambda d: d["queues"]["content"].update(owner="  "), "queues.content.owner: String should have"),
    "an owner that is a number": (
        lambda d: d["queues"]["content"].update(owner=7),
        "queues.content.owner: Input should",
    ),
    "an unknown queue": (lambda d: d["queues"].update(legal={"owner": "x"}), "queues.legal: Input should be"),
    "no attention": (lambda d: d.pop("attention"), "attention: Field required"),
    "no attention default": (lambda d: d["attention"].pop("default"), "attention.default: Field required"),
    "act is a word": (
        lambda d: d["attention"]["rules"][1].update(act="maybe"),
        "attention.rules[1].act (rule spam): Input should be a valid boolean",
    ),
    "act is missing": (lambda d: d["attention"]["rules"][1].pop("act"), "attention.rules[1].act (rule spam)"),
    "no rules": (lambda d: d.pop("rules"), "rules: Field required"),
    "empty rules": (lambda d: d.update(rules=[]), "rules: Tuple should have at least 1 item"),
    "a rule without an id": (lambda d: d["rules"][1].pop("id"), "rules[1].id: Field required"),
    "an id with capitals": (lambda d: d["rules"][1].update(id="App Bug"), "rules[1].id (rule App Bug): String should"),
    "a rule without a queue": (lambda d: d["rules"][1].pop("queue"), "rules[1].queue (rule app-bug): Field required"),
    "a rule to an unknown queue": (
        lambda d: d["rules"][1].update(queue="legal"),
        "rules[1].queue (rule app-bug): Input should be 'customer-care', 'content' or 'product'",
    ),
    "an empty owner of a rule": (lambda d: d["rules"][1].update(owner=""), "rules[1].owner (rule app-bug)"),
    "an unknown severity": (lambda d: d["rules"][1].update(severity="urgent"), "rules[1].severity (rule app-bug)"),
    "a misspelt key": (lambda d: d["rules"][1].update(sevrity="low"), "rules[1].sevrity (rule app-bug): Extra inputs"),
    "a condition that is not text": (lambda d: d["rules"][2].update(when=True), "rules[2].when (rule complaint)"),
    "an empty condition": (when(" "), "rules[2].when (rule complaint): String should have at least 1 character"),
    "doubled ids": (lambda d: d["rules"][1].update(id="wish"), "rules[4].id (rule wish): 'wish' is used 2 times"),
    "an id used in two lists": (
        lambda d: d["subscriptions"][0].update(id="spam"),
        "subscriptions[0].id (rule spam): 'spam' is used 2 times",
    ),
    "a reserved id": (lambda d: d["rules"][1].update(id="fallback"), "'fallback' has a meaning of its own"),
    "a subscription that tells nobody": (lambda d: d["subscriptions"][0].pop("notify"), "subscriptions[0].notify"),
    "an unknown name": (
        when('sentimnt == "negative"'),
        "at 1:1 of the condition: there is no 'sentimnt'; did you mean",
    ),
    "a name far from any": (when("zzz > 1"), "there is no 'zzz'; known: text, language"),
    "types mixed": (
        when('intent == "refund" &&\n  followers > "many"'),
        "rules[2].when (rule complaint) at 2:13 of the condition: found no matching overload",
    ),
    "a syntax error": (when("intent =="), "at 1:10 of the condition: Syntax error"),
    "no truth value": (when("followers + 1"), "is of type int; a condition must be true or false"),
    "a condition without end": (when("true || " * 600 + "true"), "a condition may have 4,096"),
    "a label that does not exist": (when('sentiment == "negativ"'), "sentiment is never \"negativ\"; it is one of ''"),
    "a severity that does not exist": (when('severity == "grave"'), 'severity is never "grave"; it is one of'),
    "a label on the left": (when('"angry" == sentiment'), 'sentiment is never "angry"'),
    "a label in a list": (when('channel in ["x", "twitter"]'), 'channel is never "twitter"'),
    "a keyword in capitals": (when('text.contains("App")'), "at 1:15 of the condition: text never holds this"),
    "a keyword with a half-space": (when('text.contains("می‌رسد")'), "so write 'می رسد'"),
    "a keyword with Arabic letters": (when('text.startsWith("كي")'), "so write 'کی'"),
    "a pattern with Persian digits": (when('text.matches("۲۴ ساعت")'), "so write '24 ساعت'"),
    "a broken pattern": (when('text.matches("(کرش")'), "at 1:14 of the condition: no regular expression of RE2"),
    "a pattern that is put together": (when('text.matches("a" + "b")'), "write the pattern as one literal"),
    "always true": (
        when("true"),
        "rules[3].when (rule question): is never reached: rule complaint before it is always",
    ),
    "always true in other words": (when("1 < 2"), "rules[3].when (rule question): is never reached"),
    "never true": (when("1 > 2"), "rules[2].when (rule complaint): is never true; remove the rule"),
    "the same condition again": (when('intent=="refund"'), "is never reached: rule refund has the same condition"),
    "an attention rule that is always true": (
        lambda d: d["attention"]["rules"][0].update(when="true"),
        "attention.rules[1].when (rule spam): is never reached: rule deleted before it",
    ),
    "a subscription that is never true": (
        lambda d: d["subscriptions"][0].update(when="false"),
        "subscriptions[0].when (rule loud): is never true",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_rulebook_is_refused_and_says_where(name: str) -> None:
    bend, expected = BAD[name]
    data = small()
    bend(data)
    told = faults_of(written(data))
    assert expected in told
    assert all(line.startswith("rulebook.yaml:") for line in told.splitlines())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "must be a mapping"),
        (b"- a\n- b\n", "must be a mapping"),
        (b"rules: [", "rulebook.yaml:1: is not YAML"),
        (b"rules: 2026-02-30", "rulebook.yaml: is not YAML: day is out of range"),
        (b"rules: " + b"1" * 5_000, "rulebook.yaml: is not YAML: Exceeds the limit"),
        (b"rules: " + b"[" * 2_000 + b"]" * 2_000, "rulebook.yaml: is nested too deeply"),
        (b"rules: &all [*all]", "rulebook.yaml: is nested too deeply"),
        (b"queues: {}\nrules: \xff", "is not UTF-8 (byte 18)"),
        (b"queues: {}\nqueues: {}\n", "rulebook.yaml:2: queues: is given twice"),
    ],
)
def test_what_is_no_rulebook_at_all_is_refused(content: bytes, expected: str) -> None:
    assert expected in faults_of(content)


def test_a_key_given_twice_in_a_rule_is_refused_because_half_of_the_rule_would_be_lost() -> None:
    content = written(small()).replace(b"  severity: low\n", b"  severity: low\n  queue: content\n")
    assert "rules[4].queue: is given twice" in faults_of(content)


def test_all_faults_are_told_at_once_each_with_its_line() -> None:
    data = small()
    data["rules"][0]["when"] = "nobody == 1"
    data["rules"][3]["when"] = "followers"
    lines = faults_of(written(data)).splitlines()
    assert len(lines) == 2
    numbers = [int(line.split(":")[1]) for line in lines]
    content = written(data).decode().splitlines()
    assert [content[number - 1].strip() for number in numbers] == ["when: nobody == 1", "when: followers"]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidRulebook, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_the_version_follows_from_the_content_alone() -> None:
    assert book().version == book().version
    assert book().version != book(fallback={"queue": "content"}).version
    assert len(book().version) == 12


def test_every_rule_has_an_owner_its_own_or_its_queues() -> None:
    owners = {rule.id: rule.placement.owner for rule in book().rules}
    assert owners["app-bug"] == "app-lead@nilgoon.example"
    assert owners["wish"] == "product@nilgoon.example"
    assert book().fallback.owner == "care@nilgoon.example"


def test_the_last_rule_may_take_everything() -> None:
    data = small()
    data["rules"].append({"id": "rest", "when": "true", "queue": "content"})
    assert book(data).rules[-1].id == "rest"


def test_the_sample_rulebook_is_valid() -> None:
    sample: Rulebook = load(SAMPLE)
    assert {rule.placement.queue for rule in sample.rules} == {"customer-care", "content", "product"}
