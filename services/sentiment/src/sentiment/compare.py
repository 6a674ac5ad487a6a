"""The command that sets two models side by side on the same texts: agreement, telling differences, cost."""

import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from time import perf_counter

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sentiment.agreement import Pair, agreement, paired, telling
from sentiment.judge import ModelJudge
from sentiment.labelled_texts import UnreadableTexts, read
from sentiment.terminal import faults_end, portions
from shenava.events.mentions import Classification


def run(live: ModelJudge, other: ModelJudge, files: Sequence[Path], *, samples: int) -> None:
    """Judge the texts of ``files`` with both and print; the two take turns, so that both meet the same machine.

    Raises:
        typer.Exit: with 1 if a file is not in the form, or has no text that both score.
    """
    with faults_end(UnreadableTexts):
        texts = [one.text for one in chain.from_iterable(map(read, files))]
    said: list[list[Classification]] = [[], []]
    spent = [0.0, 0.0]
    for part in portions(texts):
        for number, judge in enumerate((live, other)):
            began = perf_counter()
            said[number] += judge.texts(part)
            spent[number] += perf_counter() - began
        sys.stderr.write(f"{len(said[0]):,} of {len(texts):,} texts\n")
    pairs = paired(*said)
    if not pairs:
        sys.stderr.write("sentiment: there is no text that both models score; give texts in a supported language\n")
        raise typer.Exit(1)
    out = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    for judge, seconds in zip((live, other), spent, strict=True):
        out.print(f"{escape(judge.model_id)} {judge.model_version}: {len(texts) / seconds:.0f} texts/s")
    out.print(f"the other takes {spent[1] / spent[0]:.2f} times as long")
    out.print(_agreement(pairs))
    out.print(_differences(telling(pairs, samples), texts))


def _agreement(pairs: Sequence[Pair]) -> Table:
    table = Table("language", "texts both score", "agree", "kappa", "live > other", box=box.ROUNDED)
    for language in sorted({pair.language for pair in pairs}):
        found = agreement(pair for pair in pairs if pair.language == language)
        if found is not None:
            differ = sorted(
                ((count, f"{one} > {two}") for (one, two), count in found.counts.items() if one != two), reverse=True
            )
            table.add_row(
                language,
                f"{found.texts:,}",
                f"{found.share:.3f}",
                "-" if found.kappa is None else f"{found.kappa:.3f}",
                ", ".join(f"{name} {count}" for count, name in differ),
            )
    return table


def _differences(pairs: Sequence[Pair], texts: Sequence[str]) -> Table:
    table = Table("live", "other", "text", box=box.ROUNDED, title="Where they differ, the surest first")
    for pair in pairs:
        table.add_row(
            f"{pair.live} {pair.live_confidence:.2f}",
            f"{pair.other} {pair.other_confidence:.2f}",
            escape(" ".join(texts[pair.place].split())),
        )
    return table
