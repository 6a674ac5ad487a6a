"""Fetches the jars of Apache Kafka once per user and accepts only those whose SHA-256 is on the committed list."""

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path, PurePosixPath

import truststore

from shenava.dev.directories import cache_directory

KAFKA_VERSION = "4.4.0"
COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
"""What is resolved to make the list; slf4j-simple, because a broker without a logger dies without a word."""

OnProgress = Callable[[int, int, str], None]
"""Told after each download: jars done, jars to fetch, name of the jar."""

_MARKER = "verified.json"
_DOWNLOADS_AT_ONCE = 4
_TRIES = 3


class KafkaJarError(RuntimeError):
    """The jars of Kafka are not what they must be; the message says which one and what to do."""


def kafka_home() -> Path:
    """The directory in the user's cache for everything of this version of Kafka."""
    home = cache_directory() / f"kafka-{KAFKA_VERSION}"
    home.mkdir(exist_ok=True)
    return home


def kafka_classpath(on_progress: OnProgress = lambda *_: None) -> list[Path]:
    """The jars of Kafka on this machine, fetched if they are not there yet.

    A second call reads nothing but sizes and times. Safe in several processes at once: one fetches, the others wait.

    Raises:
        KafkaJarError: a jar cannot be had, or is not the one on the list (it is then deleted).
    """
    return fetch_jars(kafka_home() / "jars", committed_list(), on_progress)


def committed_list() -> dict[str, str]:
    """SHA-256 by path in a Maven repository, from ``kafka_jars.sha256`` (the format of ``sha256sum``)."""
    text = files("shenava.dev").joinpath("kafka_jars.sha256").read_text(encoding="ascii")
    return {path: digest for digest, path in (line.split() for line in text.splitlines())}


def fetch_jars(directory: Path, digests: Mapping[str, str], on_progress: OnProgress) -> list[Path]:
    """Make ``directory`` hold exactly the jars of ``digests`` and return their paths.

    Raises:
        KafkaJarError: see ``kafka_classpath``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _only_one_process(directory.with_suffix(".lock")):
        verify(directory, digests)
        missing = [path for path in digests if not (directory / path).exists()]
        if missing:
            _download(directory, missing, on_progress)
            verify(directory, digests)
    return [directory / path for path in digests]


def verify(directory: Path, digests: Mapping[str, str]) -> None:
    """Check every jar that is in ``directory``; one whose size and time have not changed is not read again.

    Raises:
        KafkaJarError: a jar has another SHA-256, or is not on the list; it is deleted.
    """
    marker = directory / _MARKER
    known: dict[str, list[int]] = json.loads(marker.read_text(encoding="ascii")) if marker.exists() else {}
    seen: dict[str, list[int]] = {}
    for jar in sorted(directory.rglob("*.jar")):
        path = jar.relative_to(directory).as_posix()
        state = jar.stat()
        seen[path] = [state.st_size, state.st_mtime_ns]
        if path not in digests or seen[path] != known.get(path):
            _accept(jar, path, digests)
    if seen != known:
        fresh = marker.with_suffix(".new")
        fresh.write_text(json.dumps(seen), encoding="ascii")
        fresh.replace(marker)


def _accept(jar: Path, path: str, digests: Mapping[str, str]) -> None:
    with jar.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest == digests.get(path):
        return
    jar.unlink()
    if path not in digests:
        raise KafkaJarError(f"{jar} is not on the list of Kafka's jars; it was deleted: run this again")
    raise KafkaJarError(
        f"{jar} has SHA-256 {digest}, the list says {digests[path]}; it was deleted: run this again, and if it comes "
        "back, the place you download from does not give the jars that this version was tested with"
    )


def _download(directory: Path, missing: Sequence[str], on_progress: OnProgress) -> None:
    scratch = directory.with_suffix(".part")
    shutil.rmtree(scratch, ignore_errors=True)  # of a run that was killed
    with (
        _certificates_of_the_system(),
        ThreadPoolExecutor(_DOWNLOADS_AT_ONCE, thread_name_prefix="kafka-jars") as pool,
    ):
        waiting = {pool.submit(_download_one, scratch, path): path for path in missing}
        try:
            for done, finished in enumerate(as_completed(waiting), 1):
                place = directory / waiting[finished]
                place.parent.mkdir(parents=True, exist_ok=True)
                finished.result().replace(place)
                on_progress(done, len(missing), place.name)
        finally:
            pool.shutdown(cancel_futures=True)
    shutil.rmtree(scratch)


def _download_one(scratch: Path, path: str) -> Path:
    """Fetch one jar from Maven's central repository with jgo's own client, so that no Maven is needed."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - only a first run pays for loading it

    *group, artifact, version, _ = PurePosixPath(path).parts
    context = MavenContext(resolver=PythonResolver(), repo_cache=scratch, local_repos=[], timeout=30)
    wanted = context.project(".".join(group), artifact).at_version(version).artifact()
    failure: Exception | None = None
    for _ in range(_TRIES):
        shutil.rmtree(scratch / PurePosixPath(path).parent, ignore_errors=True)
        try:
            return Path(wanted.resolve())
        except (
            OSError,
            RuntimeError,
        ) as error:  # the network fails with the one, a repository without it with the other
            failure = error
    raise KafkaJarError(
        f"{path} could not be downloaded after {_TRIES} tries ({failure}): check the network and run this again; "
        "what has arrived is kept"
    ) from failure


@contextmanager
def _certificates_of_the_system() -> Iterator[None]:
    """Trust whom the system trusts: some networks have an authority of their own, which certifi does not know."""
    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()


@contextmanager
def _only_one_process(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def resolved_list(scratch: Path) -> str:
    """The text of a new ``kafka_jars.sha256`` for ``COORDINATES``: run this module to print it after changing them."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - only needed to make a new list

    context = MavenContext(resolver=PythonResolver(), repo_cache=scratch, local_repos=[], timeout=30)
    inputs, transitive = context.resolver.resolve([context.create_dependency(each) for each in COORDINATES])
    lines = []
    for dependency in (*inputs, *transitive):
        jar = Path(dependency.artifact.resolve())
        digest = hashlib.sha256(jar.read_bytes()).hexdigest()
        lines.append(f"{digest}  {jar.relative_to(scratch).as_posix()}\n")
    return "".join(sorted(lines, key=lambda line: line.split()[1]))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as fresh:
        print(resolved_list(Path(fresh)), end="")
