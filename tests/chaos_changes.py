"""Changes under load: other rules, other promises, another model. What was decided, says by which of them."""

import asyncio
import json
import re
import shutil
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from random import Random

import asyncpg
import httpx

from chaos_members import second, start_anew, start_second
from chaos_world import Fault, Look
from router.rulebook import version_of
from sentiment.source import BUNDLED
from servers import ROOT
from shenava.dev.evidence import Evidence
from shenava.dev.stack import Stack
from shenava.events import IssueRouted, SlaVerdictRevised
from sla_watcher.settings import load

RULEBOOK = (ROOT / "config" / "rulebook.yaml").read_bytes()
POLICY = (ROOT / "config" / "sla.yaml").read_text("utf-8")
WITHIN_SECONDS = 60.0
ADOPTED_WITHIN_SECONDS = 600.0
"""Many clocks may run by then: of every issue that the faults before this one have opened."""
LOOK_SECONDS = 0.05
DECIDING_SECONDS = 0.3
TOGETHER_SECONDS = 2.0

_BRIEF = b"""
queues:
  content: {owner: a@nilgoon.example}
  product: {owner: b@nilgoon.example}
  customer-care: {owner: c@nilgoon.example}
attention: {default: true}
rules: [{id: all-there-is, when: 'true', queue: content, severity: normal}]
fallback: {queue: product}
"""
EDITIONS = (
    RULEBOOK + b"\n# the second edition\n",
    RULEBOOK.replace(b"  - id: complaint\n", b"  - id: complaint-anew\n"),
    _BRIEF,
)
"""Rulebooks that are right. None of them lets a complaint pass, or makes one critical: that has a ladder of its own."""
REFUSED = (
    b"",
    b"\xff\xfe",
    RULEBOOK[: len(RULEBOOK) // 2],
    RULEBOOK.replace(b"queue: customer-care", b"queue: nobody", 1),
    RULEBOOK.replace(b'intent == "spam"', b'intention == "spam"'),
    RULEBOOK.replace(b"fallback:", b"fall-back:"),
    RULEBOOK + b"\nedition: 2026-02-30\n",
    b"rules: &all [*all]",
)


async def _rules_change(stack: Stack, rng: Random) -> Look:
    """Write rulebooks, right and wrong ones in turn, while the router decides."""
    file = stack.plan.config / "rulebook.yaml"
    try:
        for turn, wrong in enumerate(rng.sample(REFUSED, k=len(REFUSED))):
            right = EDITIONS[turn % len(EDITIONS)]
            _write(file, right)
            await _until(partial(_in_force, stack, right))
            refused = await _refusals(stack)
            _write(file, wrong)
            await _until(partial(_refused_since, stack, refused))
            await asyncio.sleep(DECIDING_SECONDS)
            if not await _in_force(stack, right):
                raise AssertionError(f"a wrong rulebook has put {version_of(right)} out of force")
    finally:
        _write(file, RULEBOOK)
    await _until(partial(_in_force, stack, RULEBOOK))
    return _every_decision_names_one_of([version_of(book) for book in (RULEBOOK, *EDITIONS)])


def _every_decision_names_one_of(versions: Collection[str]) -> Look:
    async def look(evidence: Evidence) -> list[str]:
        named = {e.decision.rulebook_version for e in evidence.lifecycle if isinstance(e, IssueRouted)}
        named |= {event.rulebook_version for event in evidence.passed}
        unknown = [f"a decision names the rulebook {one}, which never was in force" for one in named - {*versions}]
        return unknown + [f"nothing was decided by {one}" for one in {*versions} - named]

    return look


async def _refusals(stack: Stack) -> float:
    found = await told(stack, "router", r'router_rulebook_changes_total{outcome="refused"} (\S+)')
    return float(found[0]) if found else 0.0


async def _refused_since(stack: Stack, before: float) -> bool:
    return await _refusals(stack) > before


async def _in_force(stack: Stack, book: bytes) -> bool:
    return await told(stack, "router", r'router_rulebook_info{version="(\w+)"} 1') == (version_of(book),)


PROMISES = (
    re.sub(r"target: \d+[hd]", "target: 16d", POLICY).replace('"-25%"', '"-90%"'),
    re.sub(r"target: \d+[hd]", "target: 20d", POLICY),
)
"""At a second a day: promises that run on while the watcher is started anew. The levels are the same ones."""


async def _promises_change(stack: Stack, _: Random, *, promises: Sequence[str]) -> Look:
    """Start the watcher with each of ``promises``, then with those it had."""
    file = stack.plan.config / "sla.yaml"
    try:
        for text in promises:
            _write(file, text.encode())
            await start_anew(stack, "sla-watcher")
            await _until(partial(_adopted, stack), within=ADOPTED_WITHIN_SECONDS)
            await asyncio.sleep(TOGETHER_SECONDS)
    finally:
        _write(file, POLICY.encode())
        await start_anew(stack, "sla-watcher")
    await _until(partial(_adopted, stack), within=ADOPTED_WITHIN_SECONDS)
    return _what_moved_was_told


async def _adopted(stack: Stack) -> bool:
    """Whether the policies of the file are in force and nothing runs under others."""
    version = load(stack.plan.config / "sla.yaml", speed=stack.plan.clock_speed).version
    if await told(stack, "sla-watcher", r'sla_policy_info{version="([^"]+)"} 1') != (version,):
        return False
    connection = await asyncpg.connect(stack.postgres.admin_dsn)
    try:
        others = "SELECT count(*) FROM sla.clocks WHERE ended_at IS NULL AND policy_version <> $1"
        return not await connection.fetchval(others, version)
    finally:
        await connection.close()


async def _what_moved_was_told(evidence: Evidence) -> list[str]:
    """Something must have moved; that it did so aloud is a law of the oracle."""
    reasons = {event.reason for event in evidence.clocks if isinstance(event, SlaVerdictRevised)}
    return [] if "policy_changed" in reasons else ["the promises did not change under running clocks"]


async def _models_change(stack: Stack, _: Random) -> Look:
    """Start sentiment with another model, beside a member with the one it had; then with that one again."""
    spoke = r'sentiment_model_info{model="([^"]+)",version="([^"]+)"} 1'
    first = await told(stack, "sentiment", spoke)
    other_model = await asyncio.to_thread(_other_model, stack.plan.directory / "other-model")
    try:
        await start_second(stack, "sentiment")
        await start_anew(stack, "sentiment", SHENAVA_SENTIMENT_MODEL=str(other_model))
        await _until(partial(_tells_other_than, stack, spoke, first))
        other = await told(stack, "sentiment", spoke)
        await _until(partial(_has_its_share, stack, second("sentiment")))
        await _until(partial(_has_spoken, stack))
        await asyncio.sleep(TOGETHER_SECONDS)
    finally:
        await start_anew(stack, "sentiment")
        await stack.processes.stop(second("sentiment"))
    return _every_verdict_is_of({first, other})


async def _has_its_share(stack: Stack, name: str) -> bool:
    return "partitions_assigned" in stack.processes.last_lines(name)


async def _has_spoken(stack: Stack) -> bool:
    return await told(stack, "sentiment", r"sentiment_classified_mentions_total{[^}]*} ([1-9]\S*)") is not None


async def _tells_other_than(stack: Stack, pattern: str, known: object) -> bool:
    return await told(stack, "sentiment", pattern) not in {None, known}


def _every_verdict_is_of(models: set[tuple[str, ...] | None]) -> Look:
    async def look(evidence: Evidence) -> list[str]:
        named = {(e.classification.model, e.classification.model_version) for e in evidence.classified}
        return [] if named == models else [f"the models {sorted(named)} have spoken, not {models}"]

    return look


def _other_model(directory: Path) -> Path:
    """The bundled model under another name, and a little less sure of itself."""
    shutil.copytree(BUNDLED, directory, dirs_exist_ok=True)
    config = json.loads((BUNDLED / "config.json").read_bytes())
    other = config | {"model_id": "another-model", "temperature": 1.1}
    (directory / "config.json").write_text(json.dumps(other), "utf-8")
    return directory


async def told(stack: Stack, service: str, pattern: str) -> tuple[str, ...] | None:
    """What the metrics of ``service`` have at the groups of ``pattern``; None if it is not there, or not up yet."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            answer = await client.get(stack.url(service) + "/metrics")
        except httpx.TransportError:
            return None
    found = re.search("shenava_" + pattern, answer.text)
    return None if found is None else found.groups()


async def _until(holds: Callable[[], Awaitable[bool]], *, within: float = WITHIN_SECONDS) -> None:
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110 - processes and tables can only be asked
            await asyncio.sleep(LOOK_SECONDS)


def _write(file: Path, content: bytes) -> None:
    """As deploys do: whole, or not at all."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(file)


ALL: Sequence[Fault] = (
    Fault("the rulebook changes, and wrong ones come between", _rules_change, runs=len(REFUSED)),
    Fault(
        "the promises change",
        partial(_promises_change, promises=PROMISES[:1]),
        partial(_promises_change, promises=PROMISES),
        runs=len(PROMISES) + 1,
    ),
    Fault("the model changes", _models_change, runs=2),
)
