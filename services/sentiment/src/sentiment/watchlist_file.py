"""The watchlist as a person writes it: the shape of the YAML file, and what is wrong with one. Pure."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sentiment.watchlist_words import fold, handle
from shenava.events.mentions import EntityKind
from shenava.faults import faults
from shenava.yaml_source import InvalidYaml, Place, YamlSource, written

MAX_WORDS = 5
"""Of one name; each place between two words doubles the ways to write it."""

_Words = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True, strict=True)]
_Handle = Annotated[str, StringConstraints(pattern=r"^@?\w+(?:[.\-]\w+)*$", max_length=100, strict=True)]
_Hashtag = Annotated[str, StringConstraints(pattern=r"^#?[\w\u200c]+$", max_length=100, strict=True)]
_Many = 5_000


class InvalidWatchlist(Exception):  # noqa: N818 - named for what the watchlist is
    """The watchlist has faults; the message lists all of them, one a line."""


class EntityEntry(BaseModel):
    """Something to watch.

    Attributes:
        names: what it is called; a space or ZWNJ shows where people may write it apart or together.
        misspellings: names that are wrong but used.
        not_: phrases that hold a name and mean something else, and words beside which a name means something else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", strict=True)]
    kind: EntityKind
    brand: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", strict=True)] = "default"
    names: Annotated[tuple[_Words, ...], Field(max_length=_Many)] = ()
    misspellings: Annotated[tuple[_Words, ...], Field(max_length=_Many)] = ()
    handles: Annotated[tuple[_Handle, ...], Field(max_length=_Many)] = ()
    hashtags: Annotated[tuple[_Hashtag, ...], Field(max_length=_Many)] = ()
    not_: Annotated[tuple[_Words, ...], Field(alias="not", max_length=_Many)] = ()

    @property
    def written_names(self) -> tuple[str, ...]:
        """Every way to spell it in a sentence."""
        return (*self.names, *self.misspellings)


class WatchlistFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entities: Annotated[tuple[EntityEntry, ...], Field(min_length=1, max_length=20_000)]


def parse(content: bytes, name: str) -> WatchlistFile:
    """The watchlist in ``content``; ``name`` is what its faults call the file.

    Raises:
        InvalidWatchlist: naming every fault with its line, its place and how to mend it.
    """
    try:
        source = YamlSource.of(content)
    except InvalidYaml as error:
        raise InvalidWatchlist(f"{name}: {error}") from None
    if not isinstance(source.data, dict):
        raise InvalidWatchlist(f"{name}: must be a mapping with a list of entities; see config/watchlist.yaml")
    found: list[tuple[Place, str]] = [(place, "is given twice; keep one") for place, _ in source.repeated]
    try:
        file = WatchlistFile.model_validate(source.data)
    except ValidationError as error:
        raise InvalidWatchlist(_told(name, source, [*found, *faults(error)])) from None
    found += [*_name_faults(file), *_twice(file)]
    if found:
        raise InvalidWatchlist(_told(name, source, found))
    return file


def split(name: str) -> list[str]:
    """The words of ``name``, folded: between them it may be written apart, together or joined by ZWNJ or a hyphen."""
    return [word for part in re.split(r"[\s\u200c_\-–'’.&/+:·]+", name) if (word := fold(part))]


def _name_faults(file: WatchlistFile) -> Iterator[tuple[Place, str]]:
    for index, entity in enumerate(file.entities):
        here: Place = ("entities", index)
        if not (entity.written_names or entity.handles or entity.hashtags):
            yield here, f"{entity.id!r} has no names; add names, handles or hashtags, or nobody can name it"
        for key, names in (("names", entity.names), ("misspellings", entity.misspellings), ("not", entity.not_)):
            for place, name in enumerate(names):
                words = split(name)
                if len("".join(words)) < 2:
                    yield (
                        (*here, key, place),
                        "has fewer than 2 letters and would be found everywhere; write more",
                    )
                elif len(words) > MAX_WORDS:
                    yield (*here, key, place), f"has more than {MAX_WORDS} words; keep those that tell it from others"


def _twice(file: WatchlistFile) -> Iterator[tuple[Place, str]]:
    """Ids and spellings that two entities of a brand share: nobody could say which was meant."""
    known: dict[tuple[str, str, str], tuple[int, str]] = {}
    for index, entity in enumerate(file.entities):
        for key, place, spelling, shown in _spellings(entity):
            first, id_ = known.setdefault((entity.brand, key, spelling), (index, entity.id))
            if first == index:
                continue
            told = "is the id" if key == "id" else f"is {key} {shown!r}"
            where = written(("entities", first))
            yield ("entities", index, *place), f"{told} of {where} ({id_}) too; keep it in one of them"


def _spellings(entity: EntityEntry) -> Iterator[tuple[str, Place, str, str]]:
    yield "id", ("id",), entity.id, entity.id
    for field, names in (("names", entity.names), ("misspellings", entity.misspellings)):
        for place, name in enumerate(names):
            yield "the name", (field, place), "".join(split(name)), name
    for place, each in enumerate(entity.handles):
        yield "the handle", ("handles", place), handle(each), each
    for place, each in enumerate(entity.hashtags):
        yield "the hashtag", ("hashtags", place), fold(each).replace("_", ""), each


def _told(name: str, source: YamlSource, found: list[tuple[Place, str]]) -> str:
    lines = dict(source.repeated)
    return "\n".join(
        f"{name}:{lines.get(place) or source.line(place) or 1}: {written(place)}: {message}" for place, message in found
    )
