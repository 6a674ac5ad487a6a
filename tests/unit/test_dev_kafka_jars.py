"""Only the jars on the committed list start Kafka."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shenava.dev import kafka_jars
from shenava.dev.kafka_jars import COORDINATES, KafkaJarError, committed_list, fetch_jars, verify

BROKER = "org/nilgoon/broker/1.0/broker-1.0.jar"
CLIENTS = "org/nilgoon/clients/1.0/clients-1.0.jar"
CONTENT = {BROKER: b"the broker", CLIENTS: b"the clients"}
DIGESTS = {path: hashlib.sha256(content).hexdigest() for path, content in CONTENT.items()}


def _put(root: Path, path: str, content: bytes) -> Path:
    jar = root / path
    jar.parent.mkdir(parents=True, exist_ok=True)
    jar.write_bytes(content)
    return jar


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Stands in for the remote repository; what is asked for is removed, so that each can be fetched only once."""
    offered = dict(CONTENT)
    monkeypatch.setattr(kafka_jars, "_download_one", lambda scratch, path: _put(scratch, path, offered.pop(path)))
    return offered


def test_missing_jars_are_fetched_and_told(tmp_path: Path, repository: dict[str, bytes]) -> None:
    told: list[tuple[int, int, str]] = []
    jars = fetch_jars(tmp_path / "jars", DIGESTS, lambda *what: told.append(what))
    assert [jar.read_bytes() for jar in jars] == [b"the broker", b"the clients"]
    assert [(done, total) for done, total, _ in told] == [(1, 2), (2, 2)]
    assert {name for _, _, name in told} == {"broker-1.0.jar", "clients-1.0.jar"}
    assert repository == {}


@pytest.mark.usefixtures("repository")
def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    first = fetch_jars(tmp_path / "jars", DIGESTS, print)
    assert fetch_jars(tmp_path / "jars", DIGESTS, print) == first


@pytest.mark.usefixtures("repository")
def test_a_jar_with_a_wrong_hash_is_refused_and_deleted(tmp_path: Path) -> None:
    wrong = _put(tmp_path / "jars", BROKER, b"something else")
    with pytest.raises(KafkaJarError, match=f"broker-1.0.jar has SHA-256 .*the list says {DIGESTS[BROKER]}"):
        fetch_jars(tmp_path / "jars", DIGESTS, print)
    assert not wrong.exists()
    assert wrong in fetch_jars(tmp_path / "jars", DIGESTS, print)


def test_a_wrong_jar_from_the_repository_is_refused_and_deleted(tmp_path: Path, repository: dict[str, bytes]) -> None:
    repository[CLIENTS] = b"not what was tested"
    with pytest.raises(KafkaJarError, match=r"clients-1\.0\.jar has SHA-256"):
        fetch_jars(tmp_path / "jars", DIGESTS, print)
    assert [jar.name for jar in tmp_path.rglob("*.jar")] == ["broker-1.0.jar"]


@pytest.mark.usefixtures("repository")
def test_a_jar_that_is_not_on_the_list_is_refused_and_deleted(tmp_path: Path) -> None:
    fetch_jars(tmp_path / "jars", DIGESTS, print)
    added = _put(tmp_path / "jars", "org/nilgoon/added/1.0/added-1.0.jar", b"added")
    with pytest.raises(KafkaJarError, match=r"added-1\.0\.jar is not on the list"):
        fetch_jars(tmp_path / "jars", DIGESTS, print)
    assert not added.exists()


def test_a_jar_is_read_again_only_when_its_size_or_time_has_changed(tmp_path: Path) -> None:
    jar = _put(tmp_path, BROKER, CONTENT[BROKER])
    verify(tmp_path, DIGESTS)
    before = jar.stat()
    jar.write_bytes(CONTENT[BROKER].swapcase())
    os.utime(jar, ns=(before.st_atime_ns, before.st_mtime_ns))
    verify(tmp_path, DIGESTS)
    os.utime(jar, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(KafkaJarError, match=r"broker-1\.0\.jar has SHA-256"):
        verify(tmp_path, DIGESTS)


@pytest.mark.usefixtures("repository")
def test_two_at_once_fetch_each_jar_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        results = [both.submit(fetch_jars, tmp_path / "jars", DIGESTS, print) for _ in range(2)]
    assert results[0].result() == results[1].result()


@pytest.mark.usefixtures("repository")
def test_what_a_killed_download_left_is_no_jar_of_ours(tmp_path: Path) -> None:
    _put(tmp_path / "jars.part", BROKER, b"half of the bro")
    fetch_jars(tmp_path / "jars", DIGESTS, print)
    assert not (tmp_path / "jars.part").exists()


def test_the_committed_list_names_what_is_asked_for_by_sha256() -> None:
    listed = committed_list()
    for coordinate in COORDINATES:
        _, artifact, version = coordinate.split(":")
        assert sum(path.endswith(f"/{artifact}/{version}/{artifact}-{version}.jar") for path in listed) == 1
    assert all(len(bytes.fromhex(digest)) == hashlib.sha256().digest_size for digest in listed.values())
