"""PostgreSQL cannot be reached, or goes without a word, or in the middle of a commit: nothing is lost or done twice."""

import os

import pytest

from chaos_databases import COMMITS_IN_TURN, MOVES, RESTARTS, SLOW
from chaos_world import Fault, World
from shenava.dev.stack import Stack

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

SEED = os.environ.get("SHENAVA_TEST_SEED", "20261123")


@pytest.mark.parametrize("fault", [RESTARTS, MOVES, SLOW, COMMITS_IN_TURN], ids=lambda fault: fault.name)
async def test_nothing_is_lost_doubled_or_forgotten_when(stack: Stack, fault: Fault) -> None:
    outcome = await World(stack, SEED).run(fault)

    assert outcome.verdict.sentences == []
    assert outcome.exits == []
    assert outcome.refused == outcome.unknown == 0  # the ingestor does not need it
