"""``shenava dead-letters``: look at what was put aside, and replay it once the cause is mended."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from shenava.clock import utc_now
from shenava.dead_letters.feeding_back import replay
from shenava.dead_letters.looking import list_letters, show_letter
from shenava.dead_letters.plan import Policy
from shenava.dead_letters.quiet import quiet
from shenava.dead_letters.screen import tell
from shenava.dead_letters.selection import Place, Selection, instant, place
from shenava.errors import Transient
from shenava.kafka.ports import WriteFailed
from shenava.service import Exit
from shenava.settings import InvalidSettings

HELP = (
    "Look at records that were put aside as dead letters, and replay them once the cause is mended.\n\n"
    "Kafka is found by SHENAVA_KAFKA_BOOTSTRAP and its companions.\n\n"
    "Exit codes: 0 all done; 1 something was refused or failed, each told in a line; 2 wrong settings or arguments."
)
REPLAY_HELP = (
    "Write letters back onto their topics, byte for byte, in the order of their origin.\n\n"
    "Every group that reads the topic gets them, not only the one that refused them; events carry the same ids as "
    "before, so who had them drops them. What was written is remembered, and a second run leaves it out."
)

app = typer.Typer(no_args_is_help=True, help=HELP)


def _instant(written: str) -> datetime:
    try:
        return instant(written, utc_now())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _place(written: str) -> Place:
    try:
        return place(written)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


_TIMES = "ISO 8601 (UTC if no zone is named), or how long ago: 2h, 1d12h."
Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only with this reason; may be repeated.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="Only of this consumer group; may be repeated.")]
Since = Annotated[datetime | None, typer.Option(parser=_instant, metavar="TIME", help=f"Put aside from here: {_TIMES}")]
Until = Annotated[datetime | None, typer.Option(parser=_instant, metavar="TIME", help=f"Put aside before: {_TIMES}")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON instead of tables.")]
TOPIC_HELP = "A topic or its dead letter topic, e.g. mentions.received."


@app.command("list")
def list_command(
    topics: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC]...", help=f"{TOPIC_HELP} Default: all.")
    ] = None,
    *,
    reason: Reasons = None,
    group: Groups = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=0, help="So many letters, the newest; counts are of all.")] = 50,
    as_json: Json = False,
) -> None:
    """Count letters by topic and reason, then name them; values are shown by `show` only."""
    selection = _selection(None, reason, group, since, until)
    _run(list_letters(topics or [], selection, limit=limit, as_json=as_json))


@app.command("show")
def show_command(
    topic: Annotated[str, typer.Argument(help=TOPIC_HELP)],
    partition: Annotated[int, typer.Argument(min=0, help="Of the letter, as `list` gives it before the colon.")],
    offset: Annotated[int, typer.Argument(min=0, help="Of the letter, after the colon.")],
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Only the value, byte for byte, for a program.")] = False,
    save: Annotated[Path | None, typer.Option(help="Write the value byte for byte into this new file.")] = None,
    as_json: Json = False,
) -> None:
    """Show a letter in full, and whether the present code reads it: only then a replay helps."""
    _run(show_letter(topic, Place(partition, offset), raw=raw, save=save, as_json=as_json))


@app.command("replay", help=REPLAY_HELP)
def replay_command(
    topics: Annotated[list[str], typer.Argument(metavar="TOPIC...", help=TOPIC_HELP)],
    *,
    letter: Annotated[
        list[Place] | None,
        typer.Option(parser=_place, metavar="PARTITION:OFFSET", help="Only this letter of the topic; may be repeated."),
    ] = None,
    reason: Reasons = None,
    group: Groups = None,
    since: Since = None,
    until: Until = None,
    most: Annotated[int, typer.Option("--max", min=1, help="Letters to write back in this go.")] = 100,
    rate: Annotated[float, typer.Option(min=0.1, help="Letters a second, at most.")] = 50,
    most_replays: Annotated[
        int, typer.Option("--max-replays", min=1, help="A record that was replayed so often is refused.")
    ] = 3,
    force: Annotated[
        bool, typer.Option("--force", help="Also what does not decode now, and what ended its reader's process.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also what is remembered as replayed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")] = False,
    as_json: Json = False,
) -> None:
    if letter and len(topics) != 1:
        raise typer.BadParameter("name one topic with it, the one in which the letter lies", param_hint="--letter")
    selection = _selection(letter, reason, group, since, until)
    policy = Policy(most=most, most_replays=most_replays, force=force, again=again)
    _run(replay(topics, selection, policy, rate=rate, dry_run=dry_run, as_json=as_json))


def _selection(
    places: list[Place] | None,
    reasons: list[str] | None,
    groups: list[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> Selection:
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter("it must lie before --until", param_hint="--since")
    return Selection(
        places=frozenset(places or ()),
        reasons=frozenset(reasons or ()),
        groups=frozenset(groups or ()),
        since=since,
        until=until,
    )


def _run(work: Coroutine[Any, Any, Exit]) -> None:
    """Run ``work`` and exit as it says; an expected failure is told in one line."""
    try:
        with quiet():
            code = asyncio.run(work)
    except InvalidSettings as error:
        tell(str(error))
        code = Exit.BAD_SETTINGS
    except (Transient, WriteFailed) as error:
        tell(str(error))
        code = Exit.FAILED
    raise typer.Exit(code)
