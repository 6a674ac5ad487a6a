"""The ``sentiment`` command: runs the service, or scores lines on the terminal."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from sentiment import compare, evaluate, watchlist_commands
from sentiment.classifier import Classifier
from sentiment.handler import NAME, ScoreMentions
from sentiment.judge import ModelJudge
from sentiment.labels import UnusableModel
from sentiment.remembered import Remembering
from sentiment.settings import SentimentSettings
from sentiment.shadow import Shadow
from sentiment.terminal import faults_end
from sentiment.watchlist import Watchlist
from sentiment.watchlist_file import InvalidWatchlist
from shenava import topics
from shenava.kafka.member import join, producer
from shenava.service import Service, run
from shenava.settings import InvalidSettings, KafkaSettings, read
from shenava.telemetry import metrics

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(watchlist_commands.app, name="watchlist")


@asynccontextmanager
async def wire() -> AsyncIterator[Service]:
    """From settings to the service."""
    kafka, own = read(KafkaSettings), read(SentimentSettings)
    try:
        judge = await asyncio.to_thread(load, own, remember=own.remember)
    except UnusableModel as error:
        raise InvalidSettings(f"{error}; SHENAVA_SENTIMENT_MODEL names the model") from error
    except InvalidWatchlist as error:
        raise InvalidSettings(f"SHENAVA_SENTIMENT_WATCHLIST: {error}") from error
    metrics.MODEL.info({"model": judge.model_id, "version": judge.model_version})
    shadow = await asyncio.to_thread(load_shadow, own)
    async with producer(NAME, kafka) as out:
        with shadow or nullcontext(), ScoreMentions(judge, out, judge.watchlist, shadow) as handler:
            service = Service()
            join(service, [topics.MENTIONS_RECEIVED], handler, out, group=NAME, settings=kafka)
            yield service


def load(settings: SentimentSettings, *, remember: int = 0) -> ModelJudge:
    """The judge with the model that the settings name.

    Args:
        settings: as read.
        remember: texts whose score is remembered.

    Raises:
        UnusableModel: it cannot be loaded; says what is missing.
        InvalidWatchlist: the watchlist has faults; names them all.
    """
    watchlist = Watchlist.load(settings.watchlist)
    classifier = Classifier.load(
        settings.model,
        threads=settings.threads,
        temperature=settings.temperature,
        label_map=settings.label_map or None,
        max_tokens=settings.max_tokens,
    )
    return ModelJudge(
        Remembering(classifier, remember) if remember else classifier,
        supported=settings.languages,
        low_confidence=settings.low_confidence,
        low_confidences=settings.low_confidences,
        watchlist=watchlist,
    )


def load_shadow(settings: SentimentSettings) -> Shadow | None:
    """The second model that the settings name, as it would judge in the first one's place; none if they name none.

    Raises:
        InvalidSettings: it cannot be loaded; says what is missing.
    """
    if settings.shadow_model is None:
        return None
    other = settings.with_model(settings.shadow_model, settings.shadow_label_map)
    try:
        judge = load(other.model_copy(update={"watchlist": None}), remember=settings.remember)
    except UnusableModel as error:
        raise InvalidSettings(f"{error}; SHENAVA_SENTIMENT_SHADOW_MODEL names the second model") from error
    metrics.SHADOW_MODEL.info({"model": judge.model_id, "version": judge.model_version})
    return Shadow(judge, settings.shadow_share)


def _ready() -> ModelJudge:
    """The judge of the settings, for a command.

    Raises:
        typer.Exit: with 1 if they are not in order; what is wrong is printed.
    """
    with faults_end(UnusableModel, InvalidWatchlist, InvalidSettings):
        return load(read(SentimentSettings))


@app.command("run")
def run_command() -> None:
    """Score mentions until SIGTERM or Ctrl-C."""
    raise typer.Exit(run(NAME, wire))


@app.command("score")
def score_command(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; without any, the lines of standard input.")] = None,
) -> None:
    """Say what the model makes of some texts: language, sentiment, confidence, intent, severity and its reasons."""
    given = texts or [line.rstrip("\n") for line in sys.stdin]
    judge = _ready()
    for text, verdict in zip(given, judge.texts(given), strict=True):
        told = verdict.reason or f"{verdict.sentiment} {verdict.confidence:.2f} {verdict.intent}"
        grave = " ".join((verdict.severity, *verdict.severity_reasons))
        typer.echo(f"{verdict.language}\t{verdict.status}\t{told}\t{grave}\t{text}")


@app.command("evaluate")
def evaluate_command(
    files: evaluate.Files,
    *,
    markdown: bool = False,
    reliability: Annotated[bool, typer.Option(help="also how often answers of like confidence are right")] = False,
) -> None:
    """Measure the model on texts whose labels are known, per file and language, as it would judge them in service."""
    evaluate.run(_ready(), files, markdown=markdown, reliable=reliability)


@app.command("compare")
def compare_command(
    model: Annotated[str, typer.Argument(help="directory or Hugging Face id of the other model")],
    files: evaluate.Files,
    label_map: Annotated[str, typer.Option(help='JSON, e.g. {"LABEL_0": "negative"}')] = "{}",
    samples: Annotated[int, typer.Option(min=0, help="disagreements to show")] = 20,
) -> None:
    """Judge texts with the model of the settings and with another one: where they differ, and what each costs."""
    compare.run(_ready(), _other(model, label_map), files, samples=samples)


def _other(model: str, label_map: str) -> ModelJudge:
    """The judge of the settings with another model.

    Raises:
        typer.BadParameter: ``label_map`` is no JSON object of strings.
        typer.Exit: with 1 if it cannot be loaded; what is missing is printed.
    """
    try:
        meaning = TypeAdapter(dict[str, str]).validate_json(label_map)
    except ValidationError:
        raise typer.BadParameter('--label-map is a JSON object, e.g. {"LABEL_0": "negative"}') from None
    with faults_end(UnusableModel, InvalidWatchlist, InvalidSettings):
        return load(read(SentimentSettings).with_model(model, meaning))


if __name__ == "__main__":
    app()
