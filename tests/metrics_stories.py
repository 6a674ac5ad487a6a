"""Talk about two brands, with everything that may happen to it: the events that the numbers' tests are made of."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import get_args

from shenava import events as e
from shenava.events.issues import Decision, Queue
from shenava.events.mentions import Channel, Intent, Sentiment, Severity
from shenava.ids import derive
from shenava.testing import builders as b

BRANDS = ("nilgoon", "zarrin")
_CHANNELS: tuple[Channel, ...] = get_args(Channel)[:4]


def talk(random: Random, mentions: int = 30) -> list[e.Event]:
    """The events of so many mentions with their edits and deletions, corrections, issues, clocks and facts; no repeats.

    Most mentions are in an issue or passed; some are neither, and some are both.
    """
    told: list[e.Event] = []
    for number in range(mentions):
        revisions = list(_revisions(random, number))
        told += revisions
        told += _corrections(random, revisions)
        needs_person = random.random() < 0.5
        if needs_person:
            told += _issue(random, number, revisions[0])
        told += [b.passed(each) for each in revisions if random.random() < (0.1 if needs_person else 0.8)]
    return told


def _revisions(random: Random, number: int) -> Iterator[e.MentionClassified]:
    brand, channel = random.choice(BRANDS), random.choice(_CHANNELS)
    posted_at = b.BASE + timedelta(minutes=random.randrange(0, 60 * 24 * 4))
    changes = ["posted", *random.choices(["edited", "deleted"], [3, 1], k=random.choice([0, 0, 0, 1, 2]))]
    for revision, change in enumerate(changes):
        heard_at = posted_at + timedelta(minutes=random.randrange(1, 600) * revision)
        # Some sources tell the author's time again with an edit, others only when they noticed it.
        said_at = posted_at if random.random() < 0.5 else heard_at
        heard = b.received(
            brand=brand, channel=channel, native_id=f"p-{number}", change=change, posted_at=said_at,
            received_at=heard_at + timedelta(seconds=2), event_id=derive("received", number, revision),
        )  # fmt: skip
        yield b.classified(
            brand=brand, mention=heard.mention, event_id=derive("classified", heard.event_id),
            occurred_at=heard.occurred_at, classification=_judged(random, change),
        )  # fmt: skip


def _corrections(random: Random, revisions: Sequence[e.MentionClassified]) -> Iterator[e.MentionCorrected]:
    """What people said of the mention: before it was known, between its edits and after; some of none."""
    first = revisions[0]
    for _ in range(random.choice([0, 0, 0, 1, 3])):
        labels = {
            "sentiment": random.choice([None, *get_args(Sentiment)]),
            "intent": random.choice([None, *get_args(Intent)[:2]]),
        }
        yield b.corrected(
            brand=first.brand if random.random() < 0.9 else random.choice(BRANDS),
            mention_id=first.mention.mention_id if random.random() < 0.95 else "never-heard-of",
            # Several at the same instant too: then their ids decide.
            occurred_at=random.choice(revisions).occurred_at + timedelta(minutes=random.choice([-5, 0, 0, 90])),
            **labels, language=random.choice([None, None, "fa", "en"]), by=random.choice(["سارا", "reza", "anna.w"]),
        )  # fmt: skip


def _judged(random: Random, change: str) -> e.mentions.Classification:
    version = random.choice(["1", "2"])
    if change == "deleted":
        reason, language = "deleted", "und"
    elif random.random() < 0.2:
        reason, language = random.choice(["unsupported_language", "empty_text"]), random.choice(["ar", "und"])
    else:
        return b.classification(
            language=random.choice(["fa", "fa-Latn", "en"]), sentiment=random.choice(get_args(Sentiment)),
            intent=random.choice(get_args(Intent)), model_version=version,
        )  # fmt: skip
    unscored = {"sentiment": None, "probabilities": None, "confidence": None, "intent": None, "intent_confidence": None}
    return b.classification(language=language, status="unscored", reason=reason, model_version=version, **unscored)


def _issue(random: Random, number: int, first: e.MentionClassified) -> list[e.Event]:
    issue = derive("issue", number)
    complaint_at, queue = first.mention.posted_at, random.choice(get_args(Queue))
    common = {"issue_id": issue, "brand": first.brand}
    at = [complaint_at + timedelta(hours=random.randrange(0, 40), minutes=n) for n in range(12)]
    decision = Decision(rule_id="any", rulebook_version="r1", fallback=random.random() < 0.2)
    severity = random.choice(get_args(Severity))
    story: list[e.IssueEvent] = [
        b.issue_opened(**common, mention_id=first.mention.mention_id, channel=first.mention.channel,
                       severity=severity, complaint_at=complaint_at, starts_clocks=random.random() < 0.9),
        b.issue_routed(**common, queue=queue, complaint_at=complaint_at, decision=decision, severity=severity),
        b.issue_mention_added(**common),
        b.issue_acknowledged(**common, occurred_at=at[0]),
        b.issue_paused(**common, occurred_at=at[1]),
        b.issue_resumed(**common, occurred_at=at[1] + timedelta(hours=1)),
        b.issue_resolved(**common, occurred_at=at[2]),
        b.issue_reopened(**common, occurred_at=at[2] + timedelta(days=1), complaint_at=at[2] + timedelta(days=1)),
        b.issue_resolved(**common, round=2, occurred_at=at[2] + timedelta(days=2)),
        b.issue_closed(**common, round=2, occurred_at=at[2] + timedelta(days=3)),
    ]  # fmt: skip
    lived = story[: random.randrange(1, len(story) + 1)]
    numbered: list[e.Event] = [_numbered(event, place) for place, event in enumerate(lived, start=1)]
    return [*numbered, *_clocks(random, issue, first.brand, queue), _order(number, first)]


def _numbered(event: e.IssueEvent, sequence: int) -> e.IssueEvent:
    given = {name: getattr(event, name) for name in event.__struct_fields__}
    return type(event)(**given | {"sequence": sequence, "event_id": derive("told", event.issue_id, sequence)})


def _clocks(random: Random, issue: str, brand: str, queue: str) -> list[e.Event]:
    common = {"issue_id": issue, "brand": brand, "queue": queue}
    told: list[e.Event] = [b.sla_warned(**common), b.sla_breached(**common), b.sla_escalated(**common)]
    return [*told[: random.randrange(0, 4)], b.sla_met(**common, kept=random.random() < 0.5)]


def _order(number: int, first: e.MentionClassified) -> e.Event:
    return b.fact(brand=first.brand, fact_id=f"o-{number}", occurred_at=first.mention.posted_at)


def arrived(random: Random, events: Sequence[e.Event]) -> list[list[e.Event]]:
    """The events in any order, some of them again, cut into batches anywhere."""
    order = [*events, *random.choices(events, k=len(events) // 2)]
    random.shuffle(order)
    batches = []
    while order:
        size = random.randint(1, len(order))
        batches.append(order[:size])
        order = order[size:]
    return batches
