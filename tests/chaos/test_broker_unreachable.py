"""The brokers cannot be reached for a while: nothing acknowledged is lost, no process ends, nobody waits in vain."""

import asyncio
import os

import httpx
import pytest

from chaos_brokers import ALL, IN_TURN
from chaos_links import MORE_MEGABYTES, memory
from chaos_world import Fault, World
from shenava.dev.stack import Stack
from shenava.testing.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

SEED = os.environ.get("SHENAVA_TEST_SEED", "20261123")
REFUSED_WITHIN_SECONDS = 5.0
"""The 2 s that this stack's ingestor waits for an acknowledgement, and room for a busy machine."""
SENDERS = 8
ENOUGH = 400
BULK = [
    {"brand": "crowd", "kind": "backlink", "fact_id": f"link-{number}",
     "attributes": {f"note_{each}": "دربارهٔ نیلگون نوشت " * 10 for each in range(30)}}
    for number in range(50)
]  # fmt: skip


@pytest.mark.parametrize("fault", [*ALL, IN_TURN], ids=lambda fault: fault.name)
async def test_nothing_is_lost_doubled_or_forgotten_when(stack: Stack, fault: Fault) -> None:
    outcome = await World(stack, SEED).run(fault)

    assert outcome.verdict.sentences == []
    assert outcome.exits == []
    assert outcome.unknown == 0
    assert outcome.slowest_refusal < REFUSED_WITHIN_SECONDS


async def test_a_crowd_is_refused_in_bounded_memory_while_the_brokers_are_silent(stack: Stack) -> None:
    link, answers = stack.link("ingestor", "kafka"), list[httpx.Response]()
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    async with httpx.AsyncClient(
        base_url=stack.url("ingestor"), headers=headers, timeout=20, trust_env=False
    ) as client:

        async def send(until_there_are: int) -> None:
            while len(answers) < until_there_are:
                answers.append(await client.post("/v1/facts", json=BULK))

        await send(SENDERS)
        assert {answer.status_code for answer in answers} == {202}
        before = memory(stack)["ingestor"]
        answers.clear()
        await link.black_hole()
        try:
            await asyncio.gather(*(send(ENOUGH) for _ in range(SENDERS)))
            grown = memory(stack)["ingestor"] - before
        finally:
            await link.heal()

        assert {(answer.status_code, "Retry-After" in answer.headers) for answer in answers} == {(503, True)}
        assert grown <= MORE_MEGABYTES

        async def accepted() -> bool:
            return (await client.post("/v1/facts", json=BULK)).status_code == httpx.codes.ACCEPTED

        await until(accepted)
