"""What the commands of this service share: how they end on a fault, and in what portions they judge."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import typer

Item = TypeVar("Item")

_AT_ONCE = 500
"""Texts judged together by a command: a poll's worth of the service."""


@contextmanager
def faults_end(*faults: type[Exception]) -> Iterator[None]:
    """End the command where one of ``faults`` is raised.

    Raises:
        typer.Exit: with 1; the fault is printed.
    """
    try:
        yield
    except faults as fault:
        sys.stderr.write(f"sentiment: {fault}\n")
        raise typer.Exit(1) from None


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """``items`` in their order, as many at a time as the service takes from Kafka in one poll."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
