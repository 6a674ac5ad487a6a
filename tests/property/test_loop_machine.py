"""The whole loop through any course of talk, work, delay, repetition, disorder and crashes: its promises hold."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, get_args

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loop_services import Numbers
from loop_world import LIFECYCLE, MENTIONS, PASSED, READ, READINGS, Fate, LoopWorld
from router.commands import ROUTES, Command
from router.issue import Issue
from shenava.events import (
    Event,
    IssueEvent,
    MentionPassed,
    SlaFired,
)
from shenava.events.mentions import Author, Intent
from shenava.ids import derive
from shenava.testing.builders import classification
from shenava.webhooks.outcome import Answer, Failure, FailureKind
from shenava.webhooks.schedule import SCHEDULE
from sla_watcher.clocks import clocks
from sla_watcher.lifecycle import fold
from sla_watcher.timers import desired
from sla_world import STANDARD, last_word, steps

FATES = st.sampled_from(["done", "done", "done", "crash before commit", "crash after commit"])
GIVEN = {"move-private": {"to": "email", "reason": "سفارش"}, "pause": {"reason": "?"}, "close": {"reason": "پایان"},
         "reassign": {"queue": "product"}}  # fmt: skip
ANSWERS = st.one_of(
    st.builds(
        Answer,
        st.sampled_from([200, 204, 204, 301, 400, 404, 410, 429, 500, 502, 503, 504]),
        st.fixed_dictionaries(
            {},
            optional={
                "retry-after": st.one_of(
                    st.text(),
                    st.integers(-10, 10**11).map(str),
                    st.sampled_from(["Wed, 21 Oct 2015 07:28:00 GMT", "Sat, 21 Mar 2026 10:00:00 GMT", "nan", "1e9"]),
                )
            },
        ),
    ),
    st.builds(Failure, st.sampled_from(get_args(FailureKind))),
)


class Loop(RuleBasedStateMachine):
    """Each step is one thing that may happen at any time to any part."""

    def __init__(self) -> None:
        super().__init__()
        self.world = LoopWorld()

    @rule(author=st.sampled_from("ابپ"), conversation=st.sampled_from("123"), intent=st.sampled_from(get_args(Intent)),
          hours=st.integers(0, 30), lane=st.sampled_from(["live", "live", "live", "backfill"]))  # fmt: skip
    def somebody_says(self, author: str, conversation: str, intent: Intent, hours: int, lane: str) -> None:
        self.world.say(
            native_id=f"p-{len(self.world.said)}", author=Author(id=author), conversation=conversation, lane=lane,
            posted_at=self.world.now - timedelta(hours=hours), received_at=self.world.now,
            event_id=derive("classified", len(self.world.said)), classification=classification(intent=intent),
        )  # fmt: skip

    @precondition(lambda self: self.world.said)
    @rule(data=st.data(), change=st.sampled_from(["edited", "deleted"]), intent=st.sampled_from(get_args(Intent)))
    def it_is_changed(self, data: st.DataObject, change: str, intent: Intent) -> None:
        before = data.draw(st.sampled_from(self.world.said)).mention
        self.world.say(
            native_id=before.native_id, author=before.author, conversation=before.conversation, lane=before.lane,
            posted_at=before.posted_at, received_at=self.world.now, change=change,
            event_id=derive("classified", len(self.world.said)), classification=classification(intent=intent),
        )  # fmt: skip

    @precondition(lambda self: self.world.said)
    @rule(data=st.data())
    def it_is_sent_again(self, data: st.DataObject) -> None:
        self.world.topics[MENTIONS].append(data.draw(st.sampled_from(self.world.said)))

    @rule(read=st.sampled_from(READINGS),
          partition=st.integers(0, 1), most=st.integers(1, 6), fate=FATES)  # fmt: skip
    def a_service_reads(self, read: tuple[str, str], partition: int, most: int, fate: Fate) -> None:
        self.world.read(*read, partition, most, fate)

    @rule(read=st.sampled_from(READINGS))
    def a_service_reads_everything_again(self, read: tuple[str, str]) -> None:
        self.world.read_again(*read)

    @rule(data=st.data(), service=st.sampled_from(["clocks", "numbers"]))
    def what_needs_no_order_comes_in_any(self, data: st.DataObject, service: str) -> None:
        name = data.draw(st.sampled_from(READ[service]))
        placed = [(p, at) for p, events in enumerate(self.world.topics[name].partitions) for at in range(len(events))]
        if placed:
            drawn = data.draw(st.lists(st.sampled_from(placed), max_size=5))
            self.world.hand(service, name, drawn)

    @rule(outbox=st.sampled_from(["router", "clocks"]), most=st.integers(1, 8), fate=FATES)
    def a_relay_sends(self, outbox: Literal["router", "clocks"], most: int, fate: Fate) -> None:
        self.world.relay(outbox, most, fate)

    @rule()
    def all_goes_well_for_a_while(self) -> None:
        self.world.flow()

    @rule()
    def a_watcher_looks(self) -> None:
        self.world.clocks.watch(self.world.now)

    @rule(quarters=st.integers(1, 60))
    def time_passes(self, quarters: int) -> None:
        self.world.now += quarters * timedelta(minutes=15)

    @precondition(lambda self: self.world.router.memory.history)
    @rule(data=st.data(), route=st.sampled_from(sorted(ROUTES)))
    def somebody_works(self, data: st.DataObject, route: str) -> None:
        issue_id = data.draw(st.sampled_from(list(self.world.router.memory.history)))
        self.world.router.command(issue_id, _command(route), self.world.now)

    @precondition(lambda self: self.world.router.memory.history)
    @rule(data=st.data(), route=st.sampled_from(["acknowledge", "resolve", "pause"]), quarters=st.integers(20, 100))
    def what_was_done_in_time_is_heard_of_late(self, data: st.DataObject, route: str, quarters: int) -> None:
        self.somebody_works(data, route)
        self.time_passes(quarters)
        self.a_watcher_looks()

    @rule(answer=ANSWERS, chance=st.floats(0, 1, exclude_max=True), dies=st.booleans())
    def a_webhook_is_answered(self, answer: Answer | Failure, chance: float, dies: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.world.router.queue.attempt(answer, self.world.now, chance, dies=dies)

    @invariant()
    def one_issue_stands_for_a_matter(self) -> None:
        """Reopening may bring back an old issue beside the new one; the router itself never makes a second."""
        live = [issue for issue in self.world.router.memory.board.issues.values() if issue.live and issue.round == 1]
        for matter in (_conversation, _author):
            lately = [issue for issue in live if self.world.now - issue.last_mention_at <= timedelta(hours=30)]
            assert max(Counter(map(matter, lately)).values(), default=1) == 1

    @invariant()
    def the_numbers_of_an_issues_events_have_no_gaps(self) -> None:
        for events in self.world.router.memory.history.values():
            assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        for sequences in _by_issue(self.world.topics[LIFECYCLE].events).values():
            first_times = list(dict.fromkeys(sequences))
            assert first_times == list(range(1, len(first_times) + 1))

    @invariant()
    def no_level_is_told_early_or_twice(self) -> None:
        fired = [each for each in self.world.clocks.told if isinstance(each, SlaFired)]
        assert all(each.due_at <= each.occurred_at for each in fired)
        levels = Counter((each.issue_id, each.round, each.clock, each.level) for each in fired)
        assert max(levels.values(), default=1) == 1
        assert len({each.event_id for each in self.world.clocks.told}) == len(self.world.clocks.told)

    @invariant()
    def every_clock_has_its_timers_or_an_end(self) -> None:
        for world in self.world.clocks.worlds.values():
            for clock in world.known.clocks:
                mine = [timer for timer in world.known.timers if timer.key[:2] == (clock.round, clock.clock)]
                if clock.ended_at is None and not clock.resting:
                    assert len([timer for timer in mine if timer.cancelled_at is None]) == 4
                if clock.ended_at is not None:
                    assert all(timer.due_at < clock.ended_at for timer in mine if timer.pending)

    @invariant()
    def a_delivery_keeps_its_id_and_body_and_comes_to_an_end(self) -> None:
        for ident, delivery in self.world.router.queue.deliveries.items():
            assert set(delivery.sent) <= {(ident, delivery.body)}
            assert delivery.attempts <= len(SCHEDULE) + 1 or self.world.router.queue.circuit.disabled

    @invariant()
    def the_numbers_are_a_recount_of_what_was_read(self) -> None:
        recount = Numbers()
        recount.take(
            [self.world.topics[name].partitions[p][at] for name, p, at in sorted(self.world.projected)], self.world.now
        )
        assert self.world.numbers.tables() == recount.tables()

    def teardown(self) -> None:
        """In the end everybody is up: all is drained, nothing was skipped, and the last word is the truth."""
        self.world.drain()
        assert not self.world.router.outbox
        assert not self.world.clocks.outbox
        self._check_mentions()
        self._check_clocks()
        assert not self.world.router.queue.pending()
        told = Counter(each.event_id for each in self.world.topics[LIFECYCLE].events if isinstance(each, IssueEvent))
        assert set(told) == {event.event_id for events in self.world.router.memory.history.values() for event in events}

    def _check_mentions(self) -> None:
        passed = {each.cause_id for each in self.world.topics[PASSED].events if isinstance(each, MentionPassed)}
        assert len(passed) == len(self.world.router.memory.passed), "each is passed once"
        members = self.world.router.memory.board.memberships
        assert all(each.event_id in passed or each.mention.mention_id in members for each in self.world.said)
        assert self.world.numbers.kept.hours.total() == len({each.mention.mention_id for each in self.world.said})

    def _check_clocks(self) -> None:
        for issue_id, history in self.world.router.memory.history.items():
            told = [each for each in self.world.clocks.told if each.issue_id == issue_id]
            fired = {(each.round, each.clock, each.level) for each in told if isinstance(each, SlaFired)}
            for state in fold(steps(history)):
                for clock in clocks(state, STANDARD):
                    assert {(*t.key,) for t in desired(clock) if t.due_at <= self.world.now} <= fired
                    if clock.kept is not None:
                        assert last_word(told, clock.round, clock.name) == clock.kept


def _command(route: str) -> Command:
    return ROUTES[route].model_validate(GIVEN.get(route, {}))


def _conversation(issue: Issue) -> tuple[object, ...]:
    return issue.channel, issue.conversation, issue.starts_clocks


def _author(issue: Issue) -> tuple[object, ...]:
    return issue.channel, issue.author_id, issue.intent, issue.starts_clocks


def _by_issue(events: Sequence[Event]) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        if isinstance(event, IssueEvent):
            found[event.issue_id].append(event.sequence)
    return found


Loop.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestLoop = Loop.TestCase
