"""The command that measures a model on labelled texts, per file and language, as it would judge them in service."""

import sys
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from sentiment.judge import ModelJudge
from sentiment.labelled_texts import LabelledText, UnreadableTexts, read
from sentiment.quality import Labelled, Quality, answers, measure, reliability
from sentiment.terminal import faults_end, portions

COLUMNS = ("set", "language", "texts", "macro F1", "recall", "ECE", "intent F1", "unscored", "texts/s")
_STEPS = 10
_BAR = 20


def judged(judge: ModelJudge, texts: list[LabelledText]) -> tuple[list[Labelled], float]:
    """What ``judge`` says of ``texts``, and how many it judged in a second, in batches as from Kafka."""
    found: list[Labelled] = []
    began = perf_counter()
    for part in portions(texts):
        verdicts = judge.texts([one.text for one in part])
        found += [
            Labelled(one.sentiment, one.intent, verdict, binary=one.binary)
            for one, verdict in zip(part, verdicts, strict=True)
        ]
    return found, len(texts) / (perf_counter() - began)


def table(rows: Iterable[tuple[str, str, Quality, float]], *, lines: box.Box) -> Table:
    """One line for each set and language."""
    made = Table(box=lines)
    for number, name in enumerate(COLUMNS):
        made.add_column(name, justify="left" if number < 2 else "right", no_wrap=True)
    for name, language, found, rate in rows:
        figures = (found.f1, found.recall, found.error, found.intent_f1)
        made.add_row(
            name, language, f"{found.texts:,}",
            *("-" if figure is None else f"{figure:.3f}" for figure in figures),
            f"{found.unscored:.0%}", f"{rate:.0f}",
        )  # fmt: skip
    return made


def evaluate(
    judge: ModelJudge, files: Iterable[Path], *, progress: Console
) -> Iterable[tuple[str, str, list[Labelled], float]]:
    """Have ``judge`` judge the texts of each of ``files``, language by language; and how many in a second.

    Raises:
        UnreadableTexts: a file is not in the form.
    """
    for path in files:
        by_language: dict[str, list[LabelledText]] = {}
        for one in read(path):
            by_language.setdefault(one.lang, []).append(one)
        for language, texts in sorted(by_language.items()):
            progress.print(f"{path.name} {language}: {len(texts):,} texts", style="dim", highlight=False)
            found, rate = judged(judge, texts)
            yield path.stem, language, found, rate


Files = Annotated[list[Path], typer.Argument(help='One JSON object a line: {"text", "lang", "sentiment", "intent"}')]


def reliability_table(rows: Iterable[tuple[str, str, list[Labelled], float]], *, lines: box.Box) -> Table:
    """How often answers of like confidence are right, per language over all sets."""
    by_language: dict[str, list[tuple[float, bool]]] = {}
    for _, language, found, _ in rows:
        by_language.setdefault(language, []).extend(answers(found))
    made = Table("language", "confidence", "right", "", "texts", box=lines)
    for language, given in sorted(by_language.items()):
        for step in reliability(given, _STEPS):
            bar = "█" * round(step.right * _BAR)
            made.add_row(language, f"{step.confidence:.2f}", f"{step.right:.2f}", bar, f"{step.texts:,}")
    return made


def run(judge: ModelJudge, files: list[Path], *, markdown: bool, reliable: bool) -> None:
    """Measure and print; with ``reliable`` also how often answers of like confidence are right.

    Raises:
        typer.Exit: with 1 if a file is not in the form.
    """
    with faults_end(UnreadableTexts):
        rows = list(evaluate(judge, files, progress=Console(stderr=True)))
    out = Console(width=None if sys.stdout.isatty() else 160)
    lines = box.MARKDOWN if markdown else box.ROUNDED
    out.print(table(((name, language, measure(found), rate) for name, language, found, rate in rows), lines=lines))
    if reliable:
        out.print(reliability_table(rows, lines=lines))
