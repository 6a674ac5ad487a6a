"""What makes mentions one issue: the keys under which an open issue can be found. Pure.

A conversation is one customer's story, so everything said in it belongs to one issue. The same author may also raise
the same matter in several places; that is recognised by the *intent family*. Lanes never share an issue: a live
complaint that joined an imported one would have no clock.
"""

from typing import Literal, NamedTuple

from shenava.events import MentionClassified
from shenava.events.mentions import Intent

Family = Literal["service", "question", "idea", "praise", "lead", "other"]

FAMILIES: dict[Intent, Family] = {
    "complaint": "service",
    "refund": "service",  # to the customer, the complaint and the money asked back for it are one matter
    "question": "question",
    "suggestion": "idea",
    "praise": "praise",
    "lead": "lead",
    "spam": "other",
    "other": "other",
}
_SEPARATOR = "\x1f"  # cannot occur in a valid part


class Key(NamedTuple):
    """One way to find an open issue; keys are locked in their sorted order."""

    brand: str
    kind: str
    value: str


class IssueKeys(NamedTuple):
    """The keys of one mention; the conversation is asked first."""

    conversation: Key
    author: Key


def family(intent: Intent | None) -> Family:
    """The matters that an author means as one; what was not understood is ``other``."""
    return FAMILIES[intent] if intent else "other"


def issue_keys(event: MentionClassified) -> IssueKeys:
    """The keys of the mention in ``event``."""
    mention = event.mention
    matter = family(event.classification.intent)
    return IssueKeys(
        Key(event.brand, f"{mention.lane}-conversation", _SEPARATOR.join((mention.channel, mention.conversation))),
        Key(event.brand, f"{mention.lane}-author", _SEPARATOR.join((mention.channel, mention.author.id, matter))),
    )
