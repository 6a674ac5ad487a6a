"""What makes mentions one issue: the keys under which an open issue can be found. Pure.

A conversation is one customer's story, so everything said in it belongs to one issue. The same author may also raise
the same matter in several places; that is recognised by the *intent family*, and by the words: who posts nearly the
same text again has no second matter, even if one word more lets the model see another intent in it. Lanes never share
an issue: a live complaint that joined an imported one would have no clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from shenava.events import MentionClassified
from shenava.events.mentions import Intent
from shenava.text.sketch import bands, sketch

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


@dataclass(frozen=True, slots=True)
class IssueKeys:
    """The keys of one mention, in the order in which they are asked.

    Attributes:
        copies: of what the author says in nearly these words; none of a text too short to be a copy.
    """

    conversation: Key
    author: Key
    copies: tuple[Key, ...]

    def __iter__(self) -> Iterator[Key]:
        """Every key, the conversation first."""
        return iter((self.conversation, self.author, *self.copies))


def family(intent: Intent | None) -> Family:
    """The matters that an author means as one; what was not understood is ``other``."""
    return FAMILIES[intent] if intent else "other"


def issue_keys(event: MentionClassified) -> IssueKeys:
    """The keys of the mention in ``event``."""
    mention = event.mention

    def key(kind: str, *parts: str) -> Key:
        return Key(event.brand, f"{mention.lane}-{kind}", _SEPARATOR.join((mention.channel, *parts)))

    words = sketch(mention.text)
    return IssueKeys(
        key("conversation", mention.conversation),
        key("author", mention.author.id, family(event.classification.intent)),
        tuple(key("copy", mention.author.id, str(band)) for band in bands(words)) if words else (),
    )
