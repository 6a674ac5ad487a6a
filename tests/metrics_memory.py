"""The projection without a database: its pure core with dictionaries for tables."""

from collections import Counter
from collections.abc import Collection, Sequence

from metrics_api.projection import changes, day, deltas, hour
from metrics_api.revisions import distinct, standing
from metrics_api.rows import CorrectionRow, CountKey, MentionRow, PassedRow
from shenava.events import Event


class Kept:
    """What the store keeps of mentions, of their corrections and of what was passed, in memory."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.mentions: dict[str, MentionRow] = {}
        self.hours: Counter[CountKey] = Counter()
        self.days: Counter[CountKey] = Counter()
        self.passed: dict[str, PassedRow] = {}
        self.corrections: dict[str, CorrectionRow] = {}

    def project(self, batch: Sequence[Event]) -> None:
        """As the store does, with dictionaries for tables."""
        asked = changes(batch)
        for row in asked.passed:
            self.passed.setdefault(row.cause_id, row)
        rows = asked.mentions
        fresh = {row.event_id for row in rows} - self.seen
        new = {row.event_id: row for row in asked.corrections if row.event_id not in self.corrections}
        self.corrections = new | self.corrections
        concerned = {row.mention_id for row in rows} | {row.mention_id for row in new.values()}
        after = standing(distinct(rows, fresh), self.mentions, self.corrections_of(concerned))
        for table, bucket in ((self.hours, hour), (self.days, day)):
            for key, delta in deltas(after, self.mentions, bucket):
                table[key] += delta
                if not table[key]:
                    del table[key]
        self.mentions |= after
        self.seen |= fresh

    def corrections_of(self, mention_ids: Collection[str]) -> dict[str, list[CorrectionRow]]:
        """All there are of each of the mentions."""
        every = self.corrections.values()
        return {mention: [row for row in every if row.mention_id == mention] for mention in mention_ids}

    def unaccounted(self) -> set[str]:
        """The mentions whose latest revision was not passed."""
        return {row.mention_id for row in self.mentions.values() if row.event_id not in self.passed}
