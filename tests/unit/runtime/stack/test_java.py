"""Which Java runs the broker."""

from pathlib import Path

import pytest

from shared.runtime.stack.java import NoJava, find_java, java_version


def a_java(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return java


@pytest.mark.parametrize(("told", "major"), [("17.0.15", 17), ("25", 25), ("1.8.0_392", 1)])
def test_the_version_is_read_from_the_file_beside_it(tmp_path: Path, told: str, major: int) -> None:
    assert java_version(a_java(tmp_path, told)) == major


def test_a_java_that_tells_nothing_in_a_file_is_asked(tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n")
    java.chmod(0o755)
    assert java_version(java) == 21


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    home = a_java(tmp_path / "home", "21")
    other = a_java(tmp_path / "other", "21")
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(other.parent)}
    assert find_java(environ) == home


def test_an_old_java_is_passed_over(tmp_path: Path) -> None:
    a_java(tmp_path / "home", "11.0.2")
    newer = a_java(tmp_path / "other", "17.0.1")
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(newer.parent)}
    assert find_java(environ) == newer


def test_where_there_is_none_the_error_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NoJava, match="apt-get install default-jre-headless"):
        find_java({"PATH": str(tmp_path)})
