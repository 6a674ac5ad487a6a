"""The tables as the SELECTs see them; the migrations make them."""

from typing import Any

import sqlalchemy as sa

_metadata = sa.MetaData()
_INSTANT = sa.DateTime(timezone=True)


def _table(name: str, texts: str, instants: str = "", numbers: str = "", flags: str = "") -> sa.Table:
    kinds: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
        (texts, sa.Text()), (instants, _INSTANT), (numbers, sa.BigInteger()), (flags, sa.Boolean()),
    )  # fmt: skip
    return sa.Table(name, _metadata, *(sa.Column(each, kind) for names, kind in kinds for each in names.split()))


_COUNTED = "brand channel language outcome intent role model"
_OF_AN_ISSUE = "issue_id brand mention_id channel language intent severity queue rule_id rulebook_version"

mentions = _table(
    "mentions",
    f"mention_id event_id change {_COUNTED} model_language model_outcome model_intent language_by outcome_by intent_by",
    "occurred_at posted_at received_at reworded_at corrected_at",
    flags="corrected",
)
mentions_passed = _table("mentions_passed", "cause_id mention_id brand rule_id rulebook_version", "occurred_at")
inbox = _table("inbox", "event_id", "seen_at")
mention_hours = _table("mention_hours", _COUNTED, "bucket", "mentions", "corrected")
mention_days = _table("mention_days", _COUNTED, "bucket", "mentions", "corrected")
issues = _table("issues", f"{_OF_AN_ISSUE} state", "complaint_at", "last_sequence seen", "fallback")
issue_mentions = _table("issue_mentions", "mention_id issue_id")
issue_rounds = _table(
    "issue_rounds",
    f"{_OF_AN_ISSUE} resolution",
    "complaint_at routed_at acknowledged_at moved_private_at resolved_at ended_at paused_since",
    "round paused_us paused_since_handoff_us",
    "starts_clocks",
)
sla_events = _table(
    "sla_events",
    "event_id brand issue_id clock kind level policy queue severity",
    "occurred_at deadline_at",
    "round",
    "kept",
)
