"""The watchlist in force: what of it a text names, for each brand. Pure but for reading the file."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sentiment.watchlist_file import EntityEntry, InvalidWatchlist, WatchlistFile, parse
from sentiment.watchlist_match import Found, Matcher
from shenava.events.mentions import Author, AuthorRole, EntityKind

ROLES: Mapping[EntityKind, AuthorRole] = {
    "competitor": "competitor",
    "influencer": "influencer",
    "brand": "staff",
    "product": "staff",
    "person": "staff",
}
"""What an author is whose handle the watchlist has, by the kind of its entity; a topic speaks for nobody."""


class Watchlist:
    """What is watched, by brand.

    Attributes:
        entities: all of them, in the order of the file.
    """

    def __init__(self, file: WatchlistFile | None = None) -> None:
        self.entities = file.entities if file else ()
        by_brand: defaultdict[str, list[EntityEntry]] = defaultdict(list)
        for entity in self.entities:
            by_brand[entity.brand].append(entity)
        self._matchers = {brand: Matcher(entities) for brand, entities in by_brand.items()}

    @classmethod
    def load(cls, path: Path | None) -> "Watchlist":
        """The watchlist in the file at ``path``; an empty one for none.

        Raises:
            InvalidWatchlist: the file cannot be read, or something in it is wrong; names every fault.
        """
        if path is None:
            return cls()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InvalidWatchlist(f"{path}: cannot be read: {error.strerror}") from error
        return cls(parse(content, str(path)))

    def find(self, text: str, brand: str) -> list[Found]:
        """Every place where ``text`` names something that ``brand`` watches, in the order of the text."""
        matcher = self._matchers.get(brand)
        return matcher.find(text) if matcher and text else []

    def known(self, author: Author, brand: str) -> Author:
        """``author`` with the role that the watchlist gives their handle, if they have none."""
        matcher = self._matchers.get(brand)
        if author.role or not author.handle or not matcher:
            return author
        entity = matcher.author(author.handle)
        role = ROLES.get(entity.kind) if entity else None
        return msgspec.structs.replace(author, role=role) if role else author
