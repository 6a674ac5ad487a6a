"""Carries out a plan: fetches originals, writes them back at a bearable rate, and remembers that it did."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from shenava.clock import Clock, utc_now
from shenava.dead_letters.letter import Letter, note, written_back
from shenava.dead_letters.log import Log
from shenava.dead_letters.original import NotThere, original
from shenava.dead_letters.plan import Policy, Refusal, not_decoded, told
from shenava.dead_letters.writer import Writer
from shenava.errors import Transient
from shenava.kafka.ports import Outbound, WriteFailed

LARGEST_STEP = 50
STEPS_A_SECOND = 5


@dataclass(slots=True)
class Replayed:
    """How far a replay came.

    Attributes:
        stopped: why it ended before its plan did.
    """

    letters: list[Letter] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    stopped: str | None = None


class Replay:
    """Writes letters back, a step at a time: fetch, write, await, remember.

    Args:
        rate: letters a second, at most.
        stop: once it is set, the step in hand is finished and no other begun.
        on_step: told after each step how many letters are dealt with.
    """

    def __init__(
        self,
        log: Log,
        writer: Writer | None,
        policy: Policy,
        *,
        rate: float,
        stop: asyncio.Event,
        on_step: Callable[[int], None] = lambda _: None,
        clock: Clock = utc_now,
    ) -> None:
        self._log = log
        self._writer = writer
        self._policy = policy
        self._rate = rate
        self._stop = stop
        self._on_step = on_step
        self._clock = clock
        self._done = Replayed()

    async def run(self, letters: Sequence[Letter]) -> Replayed:
        """Replay ``letters`` in their order; without a writer only look which of them could be."""
        step = max(1, min(LARGEST_STEP, int(self._rate / STEPS_A_SECOND)))
        begun = monotonic()
        for start in range(0, len(letters), step):
            if await self._stopped(begun + start / self._rate if self._writer else begun):
                self._done.stopped = "it was told to stop"
                break
            try:
                await self._step(letters[start : start + step])
            except (Transient, WriteFailed) as error:
                self._done.stopped = str(error)
                break
            self._on_step(min(len(letters), start + step))
        return self._done

    async def _step(self, letters: Sequence[Letter]) -> None:
        ready = [(letter, record) for letter in letters if (record := await self._fetched(letter))]
        if self._writer is not None and ready:
            too_large = await self._writer.write([record for _, record in ready])
            for number in sorted(too_large):
                self._refuse(ready[number][0], "its topic does not take it any more; raise its max.message.bytes")
            ready = [each for number, each in enumerate(ready) if number not in too_large]
            await self._writer.write([note(letter, self._clock()) for letter, _ in ready])
        self._done.letters += [letter for letter, _ in ready]

    async def _fetched(self, letter: Letter) -> Outbound | None:
        if letter.origin.topic not in self._log.partitions:
            self._refuse(letter, f"there is no topic {letter.origin.topic}; create it")
            return None
        try:
            contents = await original(self._log, letter)
        except NotThere as gone:
            self._refuse(letter, str(gone))
            return None
        # Of a letter that was cut this could not be known before.
        if letter.cut and (why := not_decoded(contents.fault, self._policy)):
            self._refuse(letter, why)
            return None
        return written_back(letter.origin.topic, contents)

    async def _stopped(self, due: float) -> bool:
        """Wait until ``due`` or until we are told to stop; returns whether we are."""
        try:
            async with asyncio.timeout(due - monotonic()):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    def _refuse(self, letter: Letter, why: str) -> None:
        self._done.refused.append(Refusal(told(letter), why))
