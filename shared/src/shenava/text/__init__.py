"""Text as people write it, made comparable (`normalise`) or safe to keep (`readable`)."""

from shenava.text.normalise import FOLDED_LETTERS, MAX_LENGTH, cut, normalise, readable

__all__ = ["FOLDED_LETTERS", "MAX_LENGTH", "cut", "normalise", "readable"]
