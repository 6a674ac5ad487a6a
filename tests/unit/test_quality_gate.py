"""The bundled model is never worse than it was, on the texts of ours that were held out.

``UPDATE_GOLDEN=1 pytest tests/unit/test_quality_gate.py`` writes the figures anew after a model that is better in every
row has taken its place.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from sentiment.__main__ import load
from sentiment.evaluate import evaluate
from sentiment.quality import measure
from sentiment.settings import SentimentSettings

ROOT = Path(__file__).parents[2]
HELD_OUT = ROOT / "services/sentiment/training/texts/held-out"
FROZEN = ROOT / "tests/golden/quality.json"
FIGURES = ("f1", "recall", "intent_f1")
FEWEST = 30
"""Scored texts that a figure must rest on."""
SLACK = 0.02
"""Another processor rounds a little differently; a worse model is further away."""


def measured() -> Iterator[tuple[str, float]]:
    """Each figure under its name."""
    judge = load(SentimentSettings())
    files = [HELD_OUT / "intents.ndjson", HELD_OUT / "sentiment-hard.ndjson"]
    for name, language, found, _ in evaluate(judge, files, progress=Console(quiet=True)):
        quality = measure(found)
        scored = round(quality.texts * (1 - quality.unscored))
        yield f"{name} {language} scored", round(scored / quality.texts, 4)
        for figure in FIGURES if scored >= FEWEST else ():
            yield f"{name} {language} {figure}", round(getattr(quality, figure), 4)


def test_no_figure_of_the_bundled_model_falls_under_the_frozen_one() -> None:
    found = dict(measured())
    if os.environ.get("UPDATE_GOLDEN") == "1":
        FROZEN.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    frozen = json.loads(FROZEN.read_bytes())
    assert found.keys() == frozen.keys()
    fallen = {name: (value, frozen[name]) for name, value in found.items() if value < frozen[name] - SLACK}
    assert fallen == {}
