"""Where the development kit keeps what it downloads and what its servers write."""

import os
import pwd
import tempfile
from collections.abc import Mapping
from pathlib import Path


def cache_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The per-user directory for downloads.

    ``$SHENAVA_CACHE``, else ``$XDG_CACHE_HOME/shenava``, else ``~/.cache/shenava``. Made if it does
    not exist. A variable that is set but empty counts as not set.
    """
    if chosen := environment.get("SHENAVA_CACHE"):
        directory = Path(chosen)
    elif shared := environment.get("XDG_CACHE_HOME"):
        directory = Path(shared) / "shenava"
    else:
        directory = _home(environment) / ".cache" / "shenava"
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()


def run_directory(name: str, base: Path | None = None) -> Path:
    """The directory in which the servers of one run keep their data.

    ``.shenava/<name>`` under ``base`` or the working directory. Made if it does not exist, readable by its owner only.
    """
    directory = (base or Path.cwd()) / ".shenava" / name
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory.resolve()


def _home(environment: Mapping[str, str]) -> Path:
    if home := environment.get("HOME"):
        return Path(home)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # a container may run us under a number that has no account
        return Path(tempfile.gettempdir()) / f"shenava-{os.getuid()}"
