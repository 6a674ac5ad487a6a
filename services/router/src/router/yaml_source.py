"""A rulebook's YAML with the lines and rules that its entries belong to. Pure."""

from dataclasses import dataclass
from typing import Any

from router.rulebook_faults import Fault, Flaw, InvalidRulebook
from shenava.yaml_source import InvalidYaml, Place, YamlSource, written


@dataclass(frozen=True, slots=True)
class Source:
    """What the file says, and where."""

    _source: YamlSource

    @property
    def data(self) -> Any:
        """The document."""
        return self._source.data

    @classmethod
    def of(cls, content: bytes, name: str) -> "Source":
        """The YAML in ``content``.

        Raises:
            InvalidRulebook: it cannot be read safely, is no mapping, or has a key twice in one mapping.
        """
        try:
            source = YamlSource.of(content)
        except InvalidYaml as error:
            raise InvalidRulebook(name, [Fault(error.message, error.line)]) from None
        if not isinstance(source.data, dict):
            raise InvalidRulebook(name, [Fault("must be a mapping with queues, attention, rules and fallback")])
        if source.repeated:
            twice = [Fault("is given twice", line, written(place)) for place, line in source.repeated]
            raise InvalidRulebook(name, twice)
        return cls(source)

    def fault(self, flaw: Flaw) -> Fault:
        """``flaw`` with its line and the id of the rule it lies in."""
        return Fault(
            flaw.message,
            self._source.line(flaw.place),
            written(flaw.place),
            self._rule_id(flaw.place),
            flaw.position,
        )

    def _rule_id(self, place: Place) -> str | None:
        found, value = None, self.data
        for part in place:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(value, dict) and isinstance(value.get("id"), str):
                found = value["id"]
        return found
