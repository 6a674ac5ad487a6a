"""A simulated watcher through any course of events, delays, repeats and downtime: the laws of the ladder hold."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shenava.dev.audit import nothing_is_revised_in_silence
from shenava.events import IssueEvent, SlaFired, SlaMet
from sla_watcher.clocks import clocks
from sla_watcher.lifecycle import fold
from sla_watcher.timers import desired
from sla_world import STANDARD, World, event, hours, last_word, steps

KINDS = ("routed", "acknowledged", "paused", "resumed", "reassigned", "resolved", "closed")


class Watch(RuleBasedStateMachine):
    """Things happen at the present hour; the handler hears of them at once or later; the watcher is up or down."""

    def __init__(self) -> None:
        super().__init__()
        self.hour = 0.0
        self.round = 1
        self.up = True
        self.happened: list[IssueEvent] = []
        self.unheard: list[IssueEvent] = []
        self.world = World(STANDARD)

    @initialize()
    def a_complaint_is_made(self) -> None:
        self._happen("opened")

    @rule(kind=st.sampled_from(KINDS))
    def something_happens(self, kind: str) -> None:
        self._happen(kind)

    @rule()
    def it_is_reopened(self) -> None:
        if self.round < 3:
            self.round += 1
            self._happen("reopened", complaint_at=hours(self.hour))

    @precondition(lambda self: self.unheard)
    @rule(data=st.data())
    def the_handler_hears(self, data: st.DataObject) -> None:
        heard = data.draw(st.lists(st.sampled_from(self.unheard), min_size=1, unique=True))
        self.unheard = [each for each in self.unheard if each not in heard]
        self.world.hear(*heard)

    @rule(data=st.data())
    def the_handler_hears_again(self, data: st.DataObject) -> None:
        told = len(self.world.told)
        heard = [each for each in self.happened if each not in self.unheard]
        if heard:
            self.world.hear(*data.draw(st.lists(st.sampled_from(heard))))
        assert len(self.world.told) == told

    @rule(quarters=st.integers(1, 40))
    def time_passes(self, quarters: int) -> None:
        for _ in range(quarters):
            self.hour += 0.25
            self.world.at(self.hour)
            if self.up:
                self.world.watch()

    @rule()
    def the_watcher_goes_down_or_comes_back(self) -> None:
        self.up = not self.up
        if self.up:
            self.world.watch()

    @invariant()
    def nothing_is_told_early(self) -> None:
        for each in self._fired():
            assert each.due_at <= each.occurred_at
            assert each.late_by == (each.occurred_at - each.due_at).total_seconds()

    @invariant()
    def nothing_is_told_twice(self) -> None:
        assert not [ident for ident, n in Counter(each.event_id for each in self.world.told).items() if n > 1]
        met = Counter((each.round, each.clock) for each in self.world.told if isinstance(each, SlaMet))
        assert not [clock for clock, n in met.items() if n > 1]

    @invariant()
    def levels_of_a_clock_are_told_in_the_order_of_the_ladder(self) -> None:
        ladder = [level.name for level in STANDARD.policies[0].triage.ladder]
        told: dict[tuple[int, str], list[int]] = {}
        for each in self._fired():
            told.setdefault((each.round, each.clock), []).append(ladder.index(each.level))
        assert all(rungs == sorted(rungs) for rungs in told.values())

    @invariant()
    def nothing_is_taken_back_in_silence(self) -> None:
        assert nothing_is_revised_in_silence(self.world.told) == []

    def teardown(self) -> None:
        """In the end all is heard and the watcher is up: nothing was skipped, and the last word is the truth."""
        self.world.hear(*self.unheard).watch()
        told = {(each.round, each.clock, each.level) for each in self._fired()}
        for state in fold(steps(self.happened)):
            for clock in clocks(state, STANDARD):
                reached = {(*timer.key,) for timer in desired(clock) if timer.due_at <= self.world.now}
                assert reached <= told
                if clock.kept is not None:
                    assert last_word(self.world.told, clock.round, clock.name) == clock.kept

    def _happen(self, kind: str, **over: object) -> None:
        made = event(kind, self.hour, len(self.happened) + 1, round=self.round, **over)
        self.happened.append(made)
        self.unheard.append(made)

    def _fired(self) -> list[SlaFired]:
        return [each for each in self.world.told if isinstance(each, SlaFired)]


TestWatch = Watch.TestCase
