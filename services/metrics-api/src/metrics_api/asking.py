"""Answers a question from the database: as the routes, the gauges and the command line all do."""

from datetime import datetime

from metrics_api.answer import Point, points
from metrics_api.question import Question
from metrics_api.reading import first_heard, read
from shenava.db.database import Transaction


def as_of(now: datetime) -> datetime:
    """The instant that what still runs is measured at: whole minutes, so that equal answers stay equal for a while."""
    return now.replace(second=0, microsecond=0)


async def answered(tx: Transaction, question: Question) -> list[Point]:
    """The points that answer ``question`` now."""
    rows = await read(tx, question, as_of(tx.now))
    return points(question, rows, first=await first_heard(tx, question.brand), as_of=as_of(tx.now))
