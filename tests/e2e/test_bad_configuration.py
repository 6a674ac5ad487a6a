"""A service that is started with something wrong ends, and one line says what is wrong, where, and how to mend it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from e2e_bad_settings import CASES, Case
from shenava.dev.processes import free_port
from shenava.dev.stack import Stack

pytestmark = pytest.mark.servers

AT_ONCE = 2
LONGEST_SECONDS = 60


class Ended(NamedTuple):
    """How the process of a case ended, and what the names in its words stand for."""

    code: int
    output: str
    names: Mapping[str, str]


@pytest.fixture(scope="module")
def ended(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ended]]]:
    """Every case, started some at a time while the tests look at the first."""
    with ThreadPoolExecutor(AT_ONCE) as at_work:
        yield {case.name: at_work.submit(_start, case, stack, tmp_path_factory.mktemp("case")) for case in CASES}
        at_work.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_setting_ends_the_service_with_one_line_that_names_it(
    ended: dict[str, Future[Ended]], case: Case
) -> None:
    code, output, names = ended[case.name].result()
    (line,) = (line for line in output.splitlines() if _is_verdict(line))

    assert (code, "Traceback" in output) == (case.code, False), output
    assert [word for word in _filled(case.words, names) if word not in line] == [], output
    assert case.silent is None or case.silent not in output


def _start(case: Case, stack: Stack, folder: Path) -> Ended:
    names = {
        "free_port": str(free_port()),
        "taken_port": str(stack.ports["receiver"]),
        "nowhere": str(folder / "nowhere"),
        "folder": str(folder),
        "dsn_with_wrong_password": re.sub(":[^:@]+@", ":wrong-secret@", stack.dsn("metrics-api")),
    }
    for name, content in case.files.items():
        names[name] = str(folder / name)
        (folder / name).write_text(content, "utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHENAVA_")}
    good = clean | stack.environment(case.service) | {"SHENAVA_HTTP_PORT": str(free_port())}
    changed = good | {name: value.format(**names) for name, value in case.environment.items() if value is not None}
    process = subprocess.run(
        [sys.executable, "-m", case.service.replace("-", "_"), case.command],
        env={name: value for name, value in changed.items() if case.environment.get(name, value) is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return Ended(process.returncode, process.stdout, names)


def _is_verdict(line: str) -> bool:
    """Whether it says why the process ends; a client library may have logged that it could not connect."""
    try:
        logged: dict[str, Any] = json.loads(line)
    except ValueError:
        return True
    return bool(logged["level"] == "critical")


def _filled(words: tuple[str, ...], names: Mapping[str, str]) -> list[str]:
    return [word.format(**names) for word in words]
