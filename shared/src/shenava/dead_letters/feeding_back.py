"""What ``replay`` does: read, plan, write back, and say what became of it."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress

from shenava.dead_letters import listing
from shenava.dead_letters.log import NAME, Log
from shenava.dead_letters.looking import no_topic
from shenava.dead_letters.pile import chosen, gather
from shenava.dead_letters.plan import Plan, Policy, Refusal, plan
from shenava.dead_letters.replaying import Replay, Replayed
from shenava.dead_letters.screen import out, progress, tell, tell_refusals
from shenava.dead_letters.selection import Selection, dead_name
from shenava.dead_letters.writer import Writer
from shenava.kafka.member import producer
from shenava.service import Exit
from shenava.settings import KafkaSettings, read


async def replay(
    given: Sequence[str], selection: Selection, policy: Policy, *, rate: float, dry_run: bool, as_json: bool
) -> Exit:
    """Write the selected letters back onto their topics; only look with ``dry_run``."""
    settings = read(KafkaSettings)
    async with Log(settings) as log:
        topics, unknown = chosen(given, log.partitions)
        with progress("reading") as on_read:
            pile = await gather(log, topics, selection, on_read)
        decided = plan(pile.letters, pile.replayed, policy)
        missing = selection.missing(pile.letters) if topics else []
        decided.refused += [Refusal(f"{dead_name(given[0])} {place}", "there is no such letter") for place in missing]
        decided.refused += [Refusal(topic, no_topic(topic)) for topic in unknown]
        done = await _carry_out(log, decided, policy, settings, rate=rate, dry_run=dry_run)
    return _report(decided, done, dry_run=dry_run, as_json=as_json)


async def _carry_out(
    log: Log, decided: Plan, policy: Policy, settings: KafkaSettings, *, rate: float, dry_run: bool
) -> Replayed:
    stop, total = asyncio.Event(), len(decided.write)
    async with AsyncExitStack() as opened:
        writer = None
        if not dry_run and total:
            writer = Writer(await opened.enter_async_context(producer(NAME, settings)), settings)
        with progress("replaying") as on_progress, _told_to_stop(stop):
            work = Replay(log, writer, policy, rate=rate, stop=stop, on_step=lambda done: on_progress(done, total))
            return await work.run(decided.write)


@contextmanager
def _told_to_stop(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set ``stop`` instead of breaking off what is being written."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    # Neither Windows' loop nor a thread takes them; there a break costs a repeat, as a crash does.
    with suppress(NotImplementedError, RuntimeError):
        for number in signals:
            loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError):
            for number in signals:
                loop.remove_signal_handler(number)


def _report(decided: Plan, done: Replayed, *, dry_run: bool, as_json: bool) -> Exit:
    refused = [*decided.refused, *done.refused]
    if as_json:
        print(listing.as_json(_data(decided, done, refused, dry_run=dry_run)))  # noqa: T201 - the command's output
    else:
        if dry_run and done.letters:
            out().print(listing.plan_table(done.letters))
        out().print(_summary(decided, done, len(refused), dry_run=dry_run))
    tell_refusals(refused)
    if done.stopped is not None:
        untouched = len(decided.write) - len(done.letters) - len(done.refused)
        tell(
            f"stopped: {done.stopped}; {len(done.letters):,} of {len(decided.write):,} replayed, "
            f"{untouched:,} wait: run it again, what is remembered as replayed is not written twice"
        )
    return Exit.FAILED if refused or done.stopped is not None else Exit.CLEAN


def _summary(decided: Plan, done: Replayed, refused: int, *, dry_run: bool) -> str:
    parts = [f"{len(done.letters):,} {'would be ' if dry_run else ''}replayed"]
    told = {
        "of the same records": len(decided.alike),
        "replayed before (--again writes them again)": len(decided.already),
        "refused": refused,
        "left (--max allows more; or run it again)": len(decided.left),
    }
    parts += [f"{count:,} {what}" for what, count in told.items() if count]
    return "; ".join(parts)


def _data(decided: Plan, done: Replayed, refused: Sequence[Refusal], *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "replayed": [listing.as_data(letter, {}) for letter in done.letters],
        "alike": len(decided.alike),
        "already": len(decided.already),
        "left": len(decided.left),
        "refused": [refusal._asdict() for refusal in refused],
        "stopped": done.stopped,
    }
