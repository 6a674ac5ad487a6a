"""Which form of a mention stands, and which labels it counts by: the model's, or what a person put there. Pure.

Both follow from the set of what was heard, never from its order: of the revisions the latest stands, and of each label
the latest correction that no later edit has taken away.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from metrics_api.rows import CorrectionRow, MentionRow

Corrections = Mapping[str, Sequence[CorrectionRow]]
"""All corrections of each mention, by its id and in any order."""


def distinct(rows: Iterable[MentionRow], fresh: Collection[str]) -> list[MentionRow]:
    """The first row of each event id that is in ``fresh``.

    A submission that is sent again carries its first event id but a later time of arrival: what came first stands.
    """
    first: dict[str, MentionRow] = {}
    for row in rows:
        if row.event_id in fresh:
            first.setdefault(row.event_id, row)
    return list(first.values())


def standing(
    rows: Iterable[MentionRow], held: Mapping[str, MentionRow], corrections: Corrections
) -> dict[str, MentionRow]:
    """The mentions that become new or change, as they stand then, by id and in the order of the ids.

    Args:
        rows: new revisions.
        held: the mentions as they are counted now.
        corrections: of every mention in ``rows`` all there are; of those in ``held`` that are labelled anew too.
    """
    after = {key: held[key] for key in corrections if key in held}
    for row in rows:
        before = after.get(row.mention_id) or held.get(row.mention_id)
        after[row.mention_id] = row if before is None else merged(before, row)
    labelled_anew = ((key, labelled(row, corrections.get(key, ()))) for key, row in sorted(after.items()))
    return {key: row for key, row in labelled_anew if row != held.get(key)}


def merged(one: MentionRow, other: MentionRow) -> MentionRow:
    """The later revision, at the earliest time any of them tells, and with the latest change of its text.

    A source that gives no time has its edits stamped with their arrival; the mention was still made when it was made.
    """
    later = max(one, other, key=lambda row: row.revision)
    changed = [row.reworded_at for row in (one, other) if row.reworded_at is not None]
    return later._replace(posted_at=min(one.posted_at, other.posted_at), reworded_at=max(changed, default=None))


def labelled(row: MentionRow, corrections: Iterable[CorrectionRow]) -> MentionRow:
    """The mention with the labels it counts by, of all ``corrections`` that there are of it."""
    in_force = sorted(
        (each for each in corrections if _in_force(each, row)), key=lambda each: (each.occurred_at, each.event_id)
    )
    language, language_by, language_at = _latest(((each.language, each) for each in in_force), row.model_language)
    outcome, outcome_by, outcome_at = _latest(((each.sentiment, each) for each in in_force), row.model_outcome)
    intent, intent_by, intent_at = _latest(((each.intent, each) for each in in_force), row.model_intent)
    said_at = [instant for instant in (language_at, outcome_at, intent_at) if instant is not None]
    return row._replace(
        language=language,
        outcome=outcome,
        intent=intent,
        language_by=language_by,
        outcome_by=outcome_by,
        intent_by=intent_by,
        corrected_at=max(said_at, default=None),
        corrected=(language, outcome, intent) != (row.model_language, row.model_outcome, row.model_intent),
    )


def _latest(said: Iterable[tuple[str | None, CorrectionRow]], model: str) -> tuple[str, str | None, datetime | None]:
    """The last label that was ``said``, by whom and when; what the model said where there is none."""
    found: tuple[str, str | None, datetime | None] = (model, None, None)
    for label, correction in said:
        if label is not None:
            found = label, correction.corrected_by, correction.occurred_at
    return found


def _in_force(correction: CorrectionRow, row: MentionRow) -> bool:
    """Whether it speaks of the text that stands: deleted ones have none, edited ones not the one that was corrected."""
    if row.change == "deleted" or correction.brand != row.brand:
        return False
    return row.reworded_at is None or row.reworded_at <= correction.occurred_at
