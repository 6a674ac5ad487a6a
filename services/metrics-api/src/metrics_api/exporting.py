"""Writes corrected labels with their texts: the labels from the tables, the texts from the topic."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from metrics_api.labelled_lines import Corrected, lines, text_of
from metrics_api.tables import mentions
from shenava import topics
from shenava.db.database import Database
from shenava.dead_letters.log import Log, OnRead
from shenava.settings import KafkaSettings


class Exported(NamedTuple):
    """How many lines were written, and how many texts were not: gone from the topic, or without a word."""

    written: int
    gone: int
    empty: int


async def corrected_mentions(
    database: Database, *, brand: str | None, since: datetime | None, until: datetime | None
) -> list[Corrected]:
    """The mentions with a correction in force that was made in the span, in the order of the corrections.

    Deleted mentions have none.

    Raises:
        Transient: the database is away.
    """
    of = mentions.c
    person = (
        sa.case((of.outcome_by.is_not(None), of.outcome)), sa.case((of.intent_by.is_not(None), of.intent)),
    )  # fmt: skip
    chosen = sa.select(of.event_id, of.language, *person).where(of.corrected_at.is_not(None))
    if brand is not None:
        chosen = chosen.where(of.brand == brand)
    if since is not None:
        chosen = chosen.where(of.corrected_at >= since)
    if until is not None:
        chosen = chosen.where(of.corrected_at < until)
    async with database.transaction() as tx:
        found = await tx.sql.execute(chosen.order_by(of.corrected_at, of.mention_id))
        return [Corrected(*row) for row in found]


async def texts_of(settings: KafkaSettings, wanted: Sequence[Corrected], on_read: OnRead) -> dict[str, str]:
    """The texts that ``mentions.classified`` still has, by event id.

    Raises:
        Transient: Kafka is away.
    """
    ids, found = {each.event_id: None for each in wanted}, dict[str, str]()
    if not ids:
        return found
    async with Log(settings) as log:
        async for record in log.records(topics.MENTIONS_CLASSIFIED.name, on_read):
            if (told := text_of(record, ids)) is not None:
                found.setdefault(*told)
    return found


def write(corrected: Sequence[Corrected], texts: Mapping[str, str], path: Path | None) -> Exported:
    """Write the lines to ``path``, whole or not at all, or to the standard output.

    Raises:
        OSError: the file cannot be written.
    """
    content = lines(corrected, texts)
    if path is None:
        sys.stdout.buffer.write(b"".join(content))
        sys.stdout.buffer.flush()
    else:
        # They are people's own words: nobody else on this machine needs to read them.
        part = path.with_name(path.name + ".part")
        part.touch(mode=0o600)
        part.write_bytes(b"".join(content))
        part.replace(path)
    gone = sum(each.event_id not in texts for each in corrected)
    return Exported(len(content), gone, len(corrected) - gone - len(content))
