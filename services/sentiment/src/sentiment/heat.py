"""By what a model's logits are divided so that its probabilities say how often it is right, per language.

Temperature scaling: Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import UnusableModel


@dataclass(frozen=True, slots=True)
class Heat:
    """Temperatures of a model.

    Attributes:
        general: for languages without one of their own.
        own: by language.
    """

    general: float = 1.0
    own: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """As a model's ``config.json`` has them: ``temperature`` and, by language, ``temperatures``; 1 without any.

        Raises:
            UnusableModel: one is not a number above 0.
        """
        return cls(
            _positive("temperature", config.get("temperature", 1.0)),
            {
                language: _positive(f"temperatures.{language}", value)
                for language, value in config.get("temperatures", {}).items()
            },
        )

    def of_each(self, languages: Sequence[str]) -> NDArray[np.float64]:
        """One temperature per text, given the texts' languages."""
        return np.array([self.own.get(language, self.general) for language in languages], np.float64)


def _positive(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        raise UnusableModel(f"config.json: {name} is {value!r}; it must be a number above 0")
    return float(value)
