"""What ``list`` and ``show`` do."""

import sys
from collections.abc import Sequence
from pathlib import Path

from shenava.dead_letters import listing, showing
from shenava.dead_letters.letter import Contents, Letter, Note, contents, opened
from shenava.dead_letters.log import Log
from shenava.dead_letters.original import NotThere, original
from shenava.dead_letters.pile import Pile, chosen, gather, replayed_at
from shenava.dead_letters.screen import out, progress, tell
from shenava.dead_letters.selection import Place, Selection, dead_name
from shenava.kafka.ports import Partition, Record
from shenava.service import Exit
from shenava.settings import KafkaSettings, read


async def list_letters(given: Sequence[str], selection: Selection, *, limit: int, as_json: bool) -> Exit:
    """Count the letters by topic and reason, then name the newest of them."""
    async with Log(read(KafkaSettings)) as log:
        topics, unknown = chosen(given, log.partitions)
        with progress("reading") as on_read:
            pile = await gather(log, topics, selection, on_read)
    shown = sorted(pile.letters, key=lambda letter: letter.at)[-limit:] if limit else []
    rows = listing.counted(pile.letters, pile.replayed, pile.strangers)
    if as_json:
        letters = [listing.as_data(letter, pile.replayed) for letter in shown]
        print(listing.as_json({"counts": rows, "letters": letters}))  # noqa: T201 - this is the command's output
    else:
        _print(rows, shown, pile)
    for topic in unknown:
        tell(no_topic(topic))
    return Exit.FAILED if unknown else Exit.CLEAN


def no_topic(topic: str) -> str:
    """What is said of a dead letter topic that is not there."""
    return f"there is no topic {topic}; `shenava dead-letters list` names those there are"


def _print(rows: list[dict[str, object]], shown: Sequence[Letter], pile: Pile) -> None:
    console = out()
    if not rows:
        console.print("no dead letters")
        return
    console.print(listing.counts_table(rows))
    if shown:
        console.print(listing.letters_table(shown, pile.replayed))
    if (more := len(pile.letters) - len(shown)) and shown:
        console.print(f"{more:,} older ones are not shown; --limit shows more")


async def show_letter(topic: str, place: Place, *, raw: bool, save: Path | None, as_json: bool) -> Exit:
    """Show one letter in full, or give its value as it is."""
    async with Log(read(KafkaSettings)) as log:
        where = Partition(dead_name(topic), place.partition)
        record = await log.at(where, place.offset)
        if record is None:
            tell(f"there is no record at {where.topic} {place}; `shenava dead-letters list {topic}` names the letters")
            return Exit.FAILED
        match opened(record):
            case Letter() as letter:
                return await _show(log, letter, record, raw=raw, save=save, as_json=as_json)
            case Note(origin, _):
                tell(f"{where.topic} {place} is the note that the record of {origin} was replayed, not a letter")
                return Exit.FAILED
            case None:
                return _show_stranger(record, raw=raw, save=save, as_json=as_json)


async def _show(log: Log, letter: Letter, record: Record, *, raw: bool, save: Path | None, as_json: bool) -> Exit:
    missing = None
    try:
        found = await original(log, letter)
    except NotThere as gone:
        found, missing = contents(record), str(gone)
    if raw or save is not None:
        if missing:
            tell(f"{letter}: only the beginning is given: {missing}")
        return max(_give(found, save), Exit.FAILED if missing else Exit.CLEAN)
    replayed = await replayed_at(log, letter)
    if as_json:
        print(listing.as_json(showing.data(letter, found, replayed, missing)))  # noqa: T201 - the command's output
        return Exit.CLEAN
    for line in showing.page(letter, found, replayed, missing):
        out().print(line, soft_wrap=True)
    return Exit.CLEAN


def _show_stranger(record: Record, *, raw: bool, save: Path | None, as_json: bool) -> Exit:
    found = contents(record)
    if raw or save is not None:
        return _give(found, save)
    if as_json:
        tell("this is no dead letter: it tells no origin; --raw gives its value")
        return Exit.FAILED
    for line in showing.stranger(record):
        out().print(line, soft_wrap=True)
    return Exit.CLEAN


def _give(found: Contents, save: Path | None) -> Exit:
    """The value byte for byte, to a file or to another program; never to a terminal, which it could command."""
    if found.value is None:
        tell("the record has no value (a tombstone): there is nothing to give")
        return Exit.FAILED
    if save is None:
        if sys.stdout.isatty():
            tell("raw bytes may command a terminal: send them to a program or a file, or use --save FILE")
            return Exit.FAILED
        sys.stdout.buffer.write(found.value)
        return Exit.CLEAN
    try:
        with save.open("xb") as file:
            file.write(found.value)
    except OSError as error:
        tell(f"{save}: {error.strerror or error}; name a file that is not there yet, in a folder that is")
        return Exit.FAILED
    tell(f"{len(found.value):,} bytes are in {save}")
    return Exit.CLEAN
