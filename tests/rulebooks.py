"""A small rulebook that the router's tests share, and ways to bend it."""

from pathlib import Path
from typing import Any

import yaml

from router.rulebook import Rulebook, parse

SAMPLE = Path(__file__).parent.parent / "config" / "rulebook.yaml"


def small() -> dict[str, Any]:
    """A valid rulebook as plain data: harmless talk passes, complaints go to care, wishes to product."""
    return {
        "queues": {
            "customer-care": {"owner": "care@nilgoon.example"},
            "content": {"owner": "content@nilgoon.example"},
            "product": {"owner": "product@nilgoon.example"},
        },
        "attention": {
            "default": True,
            "rules": [
                {"id": "deleted", "when": 'change == "deleted"', "act": False},
                {"id": "spam", "when": 'intent == "spam"', "act": False},
                {"id": "chatter", "when": 'intent == "other"', "act": False},
                {"id": "thanks", "when": 'intent == "praise" && text.contains("ممنون")', "act": False},
            ],
        },
        "rules": [
            {"id": "refund", "when": 'intent == "refund"', "queue": "customer-care", "severity": "high"},
            {
                "id": "app-bug",
                "when": 'intent == "complaint" && text.contains("کرش")',
                "queue": "product",
                "owner": "app-lead@nilgoon.example",
            },
            {"id": "complaint", "when": 'intent == "complaint"', "queue": "customer-care", "severity": "high"},
            {"id": "question", "when": 'intent == "question"', "queue": "content"},
            {"id": "wish", "when": 'intent == "suggestion"', "queue": "product", "severity": "low"},
        ],
        "subscriptions": [
            {"id": "loud", "when": "followers >= 1000", "notify": "pr"},
            {"id": "leads", "when": 'intent == "lead"', "notify": "sales"},
        ],
        "fallback": {"queue": "customer-care"},
    }


def book(data: dict[str, Any] | None = None, **over: Any) -> Rulebook:
    """The rulebook in ``data``, else the small one; its top-level entries are replaced by ``over``."""
    return parse(written({**(data or small()), **over}), "rulebook.yaml")


def written(data: Any) -> bytes:
    """``data`` as a YAML file."""
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode()
