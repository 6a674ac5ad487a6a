"""Processes die, stop and come back at any moment, under load: nothing is lost, doubled or forgotten."""

import os

import pytest

from chaos_kills import DEPLOY, EACH, EVERYWHERE, MANY
from chaos_stops import IN_TURN, PAIRS, STORM
from chaos_world import Fault, World
from shenava.dev.stack import Stack

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

SEED = os.environ.get("SHENAVA_TEST_SEED", "20261123")
FAULTS = (EACH, EVERYWHERE, MANY, DEPLOY, IN_TURN, STORM, PAIRS)
"""Many in one run; `make chaos` judges each by itself."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_nothing_is_lost_doubled_or_forgotten_when(stack: Stack, fault: Fault) -> None:
    outcome = await World(stack, SEED).run(fault)

    assert outcome.verdict.sentences == []
    assert {ended.name for ended in outcome.exits} <= fault.may_end, outcome.exits
    assert outcome.acknowledged > 0
