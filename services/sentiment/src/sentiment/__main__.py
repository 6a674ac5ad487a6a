"""The ``sentiment`` command: runs the service, or scores lines on the terminal."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from sentiment import evaluate, watchlist_commands
from sentiment.classifier import Classifier
from sentiment.handler import NAME, ScoreMentions
from sentiment.judge import ModelJudge
from sentiment.labels import UnusableModel
from sentiment.settings import SentimentSettings
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
        judge = await asyncio.to_thread(load, own)
    except UnusableModel as error:
        raise InvalidSettings(f"{error}; SHENAVA_SENTIMENT_MODEL names the model") from error
    except InvalidWatchlist as error:
        raise InvalidSettings(f"SHENAVA_SENTIMENT_WATCHLIST: {error}") from error
    metrics.MODEL.info({"model": judge.model_id, "version": judge.model_version})
    async with producer(NAME, kafka) as out:
        with ScoreMentions(judge, out, judge.watchlist) as handler:
            service = Service()
            join(service, [topics.MENTIONS_RECEIVED], handler, out, group=NAME, settings=kafka)
            yield service


def load(settings: SentimentSettings) -> ModelJudge:
    """The judge with the model that the settings name.

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
        classifier,
        supported=settings.languages,
        low_confidence=settings.low_confidence,
        low_confidences=settings.low_confidences,
        watchlist=watchlist,
    )


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
    try:
        judge = load(read(SentimentSettings))
    except (UnusableModel, InvalidWatchlist, InvalidSettings) as error:
        sys.stderr.write(f"sentiment: {error}\n")
        raise typer.Exit(1) from None
    for text, verdict in zip(given, judge.texts(given), strict=True):
        told = verdict.reason or f"{verdict.sentiment} {verdict.confidence:.2f} {verdict.intent}"
        grave = " ".join((verdict.severity, *verdict.severity_reasons))
        typer.echo(f"{verdict.language}\t{verdict.status}\t{told}\t{grave}\t{text}")


@app.command("evaluate")
def evaluate_command(files: evaluate.Files, *, markdown: bool = False) -> None:
    """Measure the model on texts whose labels are known, per file and language, as it would judge them in service."""
    try:
        judge = load(read(SentimentSettings))
    except (UnusableModel, InvalidWatchlist, InvalidSettings) as error:
        sys.stderr.write(f"sentiment: {error}\n")
        raise typer.Exit(1) from None
    evaluate.run(judge, files, markdown=markdown)


if __name__ == "__main__":
    app()
