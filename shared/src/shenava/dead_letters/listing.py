"""Dead letters as tables for a person and as JSON for a machine. Pure."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from shenava.dead_letters.letter import Letter, Origin
from shenava.dead_letters.visible import bounded, visible
from shenava.topics import DEAD_SUFFIX

CELL = 60

When = Mapping[Origin, datetime]


def counted(letters: Sequence[Letter], replayed: When, strangers: Mapping[str, Sequence[object]]) -> list[Any]:
    """How many letters each topic has for each reason, and how many of them were not replayed yet."""
    every = Counter((letter.topic, letter.reason) for letter in letters)
    waiting = Counter((letter.topic, letter.reason) for letter in letters if letter.origin not in replayed)
    rows = [
        {"topic": topic, "reason": reason, "letters": count, "waiting": waiting[topic, reason]}
        for (topic, reason), count in sorted(every.items())
    ]
    unknown = [
        {"topic": topic, "reason": None, "letters": len(places), "waiting": 0}
        for topic, places in sorted(strangers.items())
    ]
    return rows + unknown


def counts_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A row for each topic and reason."""
    table = Table("topic", "reason")
    for name in ("letters", "not replayed"):
        table.add_column(name, justify="right")
    for row in rows:
        reason = cell(row["reason"]) if row["reason"] is not None else Text("no dead letter: it tells no origin")
        table.add_row(cell(row["topic"]), reason, f"{row['letters']:,}", f"{row['waiting']:,}")
    return table


def letters_table(letters: Sequence[Letter], replayed: When) -> Table:
    """A row for each letter."""
    table = Table("letter", "origin", "put aside (UTC)", "reason", "group")
    for name in ("replays", "bytes"):
        table.add_column(name, justify="right")
    table.add_column("decodes now")
    table.add_column("replayed (UTC)")
    for letter in letters:
        numbers = (str(letter.replays), f"{letter.size:,}")
        when = replayed.get(letter.origin)
        table.add_row(
            cell(_short(letter)),
            cell(str(letter.origin)),
            utc(letter.at),
            cell(letter.reason),
            cell(letter.group),
            *numbers,
            decodes(letter),
            utc(when) if when else "–",
        )
    return table


def plan_table(letters: Sequence[Letter]) -> Table:
    """What would be written, a row each, in the order of writing."""
    table = Table("letter", "is written to", "from", "reason")
    table.add_column("replay", justify="right")
    for letter in letters:
        target = cell(letter.origin.topic)
        table.add_row(
            cell(_short(letter)), target, cell(str(letter.origin)), cell(letter.reason), str(letter.replays + 1)
        )
    return table


def as_data(letter: Letter, replayed: When) -> dict[str, Any]:
    """A letter's fields, for JSON."""
    when = replayed.get(letter.origin)
    return {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "origin": letter.origin._asdict(),
        "at": letter.at.isoformat(),
        "group": letter.group,
        "reason": letter.reason,
        "detail": letter.detail,
        "pointer": letter.pointer,
        "replays": letter.replays,
        "size": letter.size,
        "cut": letter.cut,
        "decodes_now": None if letter.cut else letter.fault is None,
        "replayed_at": when and when.isoformat(),
    }


def as_json(data: object) -> str:
    """One line of JSON, in which hidden characters are escaped and all others are themselves."""
    return visible(json.dumps(data, ensure_ascii=False))


def cell(text: str) -> Text:
    """Untrusted text in a table."""
    return Text(bounded(visible(text), CELL))


def utc(when: datetime) -> str:
    """A time to the second."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def decodes(letter: Letter) -> str:
    """Whether the present code reads it, in a word."""
    return "cut" if letter.cut else "yes" if letter.fault is None else "no"


def _short(letter: Letter) -> str:
    return f"{letter.topic.removesuffix(DEAD_SUFFIX)} {letter.partition}:{letter.offset}"
