"""The projection without a database: its pure core with dictionaries for tables."""

from collections import Counter
from collections.abc import Sequence

from metrics_api.projection import changes, day, deltas, distinct, hour, standing
from metrics_api.rows import CountKey, MentionRow, PassedRow
from shenava.events import Event


class Kept:
    """What the store keeps of mentions and of what was passed, in memory."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.mentions: dict[str, MentionRow] = {}
        self.hours: Counter[CountKey] = Counter()
        self.days: Counter[CountKey] = Counter()
        self.passed: dict[str, PassedRow] = {}

    def project(self, batch: Sequence[Event]) -> None:
        """As the store does, with dictionaries for tables."""
        asked = changes(batch)
        for row in asked.passed:
            self.passed.setdefault(row.cause_id, row)
        rows = asked.mentions
        fresh = {row.event_id for row in rows} - self.seen
        after = standing(distinct(rows, fresh), self.mentions)
        for table, bucket in ((self.hours, hour), (self.days, day)):
            for key, delta in deltas(after, self.mentions, bucket):
                table[key] += delta
                if not table[key]:
                    del table[key]
        self.mentions |= after
        self.seen |= fresh

    def unaccounted(self) -> set[str]:
        """The mentions whose latest revision was not passed."""
        return {row.mention_id for row in self.mentions.values() if row.event_id not in self.passed}
