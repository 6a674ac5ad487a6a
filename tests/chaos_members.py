"""Starts services of a running stack anew, or one more member of one, with other settings than the stack's own."""

import sys

from shenava.dev.stack import Stack


async def start(stack: Stack, service: str, *, name: str | None = None, **over: str) -> None:
    """Start ``service``, which does not run, as the process ``name``, with ``over`` beside its usual settings."""
    command = [sys.executable, "-m", service.replace("-", "_"), "run"]
    await stack.processes.start(name or service, command, stack.environment(service) | over)


async def start_anew(stack: Stack, service: str, **over: str) -> None:
    """Stop ``service`` as a deploy does, and start it with ``over`` beside its usual settings."""
    await stack.processes.stop(service)
    await start(stack, service, **over)


async def start_second(stack: Stack, service: str) -> None:
    """Start one more member of ``service``, with its usual settings, as the process :func:`second`."""
    await start(stack, service, name=second(service), SHENAVA_HTTP_PORT="0")


def second(service: str) -> str:
    """What the second member of ``service`` is called."""
    return f"{service}-2"
