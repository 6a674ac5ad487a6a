"""Trains the bundled model anew, step by step; each step goes on where it was stopped."""

import json
from pathlib import Path
from typing import Annotated

import torch
import typer

from sentiment_training.corpus import held_out
from sentiment_training.export import export
from sentiment_training.learning import Plan
from sentiment_training.steps import Work, distil, teach

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
Folder = Annotated[Path, typer.Option("--work", help="where the steps keep their results")]
Data = Annotated[Path, typer.Option("--data", help="folder with the public sets")]
Threads = Annotated[int, typer.Option(help="of the processor")]


def _work(folder: Path, data: Path, threads: int) -> Work:
    folder.mkdir(parents=True, exist_ok=True)
    # Without it the optimiser's tiny numbers slow the processor many times over. Threads inherit it when they are made,
    # so it comes before the first thing that PyTorch computes.
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    return Work(folder, data)


@app.command("teach")
def teach_command(folder: Folder, data: Data, epochs: int = 2, threads: Threads = 2) -> None:
    """Train the twelve-layer teacher and write down what it says of every training text."""
    teach(_work(folder, data, threads), Plan(epochs=epochs, rate=8e-5, seed=3, tokens=1800))


@app.command("distil")
def distil_command(folder: Folder, data: Data, epochs: int = 4, seed: int = 1, threads: Threads = 2) -> None:
    """Train a six-layer student on labels and on what the teacher said."""
    distil(_work(folder, data, threads), Plan(epochs=epochs, rate=1.2e-4, seed=seed))


@app.command("export")
def export_command(
    folder: Folder, data: Data, into: Annotated[Path, typer.Option(help="a model directory")], seed: int = 1
) -> None:
    """Write the student as the service reads it: 8-bit ONNX graph, tokenizer, calibrated configuration."""
    export(_work(folder, data, threads=2), f"student-{seed}", into)


@app.command("sets")
def sets_command(
    data: Data, into: Annotated[Path, typer.Option(help="a folder; one file of JSON lines for each set")]
) -> None:
    """Write the held-out texts of the public sets in the form that `sentiment evaluate` reads."""
    into.mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[str]] = {}
    for name, row in held_out(data):
        lines.setdefault(name, []).append(json.dumps(row, ensure_ascii=False) + "\n")
    for name, rows in sorted(lines.items()):
        (into / f"{name}.ndjson").write_text("".join(rows), "utf-8")
        typer.echo(f"{into / name}.ndjson: {len(rows):,} texts")


if __name__ == "__main__":
    app()
