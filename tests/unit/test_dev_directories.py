"""Where the development kit keeps its files."""

from pathlib import Path

import pytest

from shenava.dev.directories import cache_directory, run_directory


def test_the_cache_is_where_the_user_says(tmp_path: Path) -> None:
    environment = {
        "SHENAVA_CACHE": str(tmp_path / "کش"),
        "XDG_CACHE_HOME": str(tmp_path / "xdg"),
        "HOME": str(tmp_path),
    }
    assert cache_directory(environment) == (tmp_path / "کش").resolve()
    assert cache_directory({**environment, "SHENAVA_CACHE": ""}) == (tmp_path / "xdg" / "shenava").resolve()


def test_an_empty_home_directory_is_enough(tmp_path: Path) -> None:
    directory = cache_directory({"HOME": str(tmp_path)})
    assert directory == (tmp_path / ".cache" / "shenava").resolve()
    assert directory.is_dir()


def test_without_home_the_account_tells_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Account:
        pw_dir = str(tmp_path)

    monkeypatch.setattr("pwd.getpwuid", lambda _: Account)
    assert cache_directory({"HOME": ""}) == (tmp_path / ".cache" / "shenava").resolve()


def test_a_user_without_an_account_gets_a_temporary_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_account(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", no_account)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert tmp_path.resolve() in cache_directory({}).parents


def test_a_run_directory_is_its_owners_only(tmp_path: Path) -> None:
    directory = run_directory("demo", tmp_path)
    assert directory == (tmp_path / ".shenava" / "demo").resolve()
    assert directory.stat().st_mode & 0o077 == 0
