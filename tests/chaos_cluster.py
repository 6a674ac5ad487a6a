"""Faults of a Kafka cluster of three nodes: leaders change, a node is lost or frozen, and two are lost at once."""

import asyncio
import os
import signal
from random import Random

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chaos_world import Fault
from shenava import topics
from shenava.dev.stack import Stack
from shenava.kafka.client import connection

NODES = 3
AWAY_SECONDS = 4.0
FROZEN_SECONDS = 8.0
LOOK_SECONDS = 0.3


async def _each_is_killed(stack: Stack, rng: Random) -> None:
    """Kill one node after the other, each when all copies are complete again: every partition changes its leader."""
    for node in rng.sample(range(NODES), k=NODES):
        await stack.kafka.kill(node)
        await asyncio.sleep(AWAY_SECONDS)
        await stack.kafka.restart(node)
        await _all_copies_are_complete(stack)


async def _one_is_frozen(stack: Stack, rng: Random) -> None:
    """Stop a node for longer than the others wait, and let it go on as if nothing had happened."""
    pid = stack.kafka.pids[rng.randrange(NODES)]
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(FROZEN_SECONDS)
    os.kill(pid, signal.SIGCONT)


async def _two_are_lost(stack: Stack, rng: Random) -> None:
    """Kill two nodes at once: what is left may acknowledge nothing."""
    lost = rng.sample(range(NODES), k=2)
    await asyncio.gather(*(stack.kafka.kill(node) for node in lost))
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.gather(*(stack.kafka.restart(node) for node in lost))


async def _all_copies_are_complete(stack: Stack) -> None:
    client = AIOKafkaAdminClient(**connection(stack.kafka_settings, "chaos"))
    await client.start()
    try:
        while not await _complete(client):  # noqa: ASYNC110 - the cluster can only be asked
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await client.close()


async def _complete(client: AIOKafkaAdminClient) -> bool:
    try:
        described = await client.describe_topics([topic.name for topic in topics.ALL])
    except KafkaError:
        return False
    return all(len(partition["isr"]) == NODES for topic in described for partition in topic["partitions"])


CLUSTER = (
    Fault("each broker of three is killed", _each_is_killed, runs=NODES),
    Fault("one broker of three is frozen", _one_is_frozen),
    Fault("two brokers of three are lost", _two_are_lost),
)
