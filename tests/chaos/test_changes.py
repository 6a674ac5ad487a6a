"""Rules, promises, models and versions change under load: nothing is lost, and each thing says what it is by."""

import os

import pytest

import chaos_changes
import chaos_versions
from chaos_world import Fault, World
from shenava.dev.stack import Stack

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

SEED = os.environ.get("SHENAVA_TEST_SEED", "20261123")


@pytest.mark.parametrize("fault", [*chaos_changes.ALL, *chaos_versions.ALL], ids=lambda fault: fault.name)
async def test_nothing_is_lost_doubled_or_forgotten_when(stack: Stack, fault: Fault) -> None:
    outcome = await World(stack, SEED).run(fault)

    print(outcome)  # noqa: T201 - shown with a failure
    assert outcome.verdict.sentences == []
    assert outcome.exits == []
