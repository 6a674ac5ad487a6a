"""Text as people write it, made comparable (`normalise`) or safe to keep (`readable`)."""

from shenava.text.normalise import MAX_LENGTH, cut, normalise, readable

__all__ = ["MAX_LENGTH", "cut", "normalise", "readable"]
