"""The contracts of pyproject.toml about imports: a small house keeps them, and breaks each once."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
HOUSE = (
    "shared/__init__.py",
    "shared/okr/__init__.py",
    "shared/okr/progress.py",
    "shared/events/__init__.py",
    "shared/events/deciding.py",
    "shared/eventing/__init__.py",
    "shared/runtime/__init__.py",
    "services/__init__.py",
    *(
        f"services/{service}/{module}.py"
        for service in ("objectives", "checkins")
        for module in ("__init__", "app", "api", "reactions", "domain")
    ),
)
# Each line: where it is written, what it imports, and what the linter must say of it.
BROKEN = (
    (
        "shared/okr/progress.py",
        "shared.events",
        "shared.okr is not allowed to import shared.events",
    ),
    (
        "shared/events/deciding.py",
        "shared.eventing",
        "shared.events is not allowed to import shared.eventing",
    ),
    ("shared/okr/progress.py", "time", "shared.okr is not allowed to import time"),
    ("shared/events/deciding.py", "random", "shared.events is not allowed to import random"),
    (
        "services/objectives/domain.py",
        "asyncio",
        "services.objectives.domain is not allowed to import asyncio",
    ),
    (
        "services/checkins/domain.py",
        "services.checkins.api",
        "services.checkins.domain is not allowed to import services.checkins.api",
    ),
    (
        "services/checkins/api.py",
        "services.checkins.reactions",
        "services.checkins.api is not allowed to import services.checkins.reactions",
    ),
    (
        "services/objectives/app.py",
        "services.checkins.api",
        "services.objectives is not allowed to import services.checkins",
    ),
    (
        "shared/runtime/__init__.py",
        "services.checkins.app",
        "shared is not allowed to import services",
    ),
    ("shared/utils.py", "json", "shared.utils"),  # no layer has that name
    ("services/objectives/helpers.py", "json", "services.objectives.helpers"),
)


def linted(house: Path) -> str:
    shutil.copy(TOP / "pyproject.toml", house)
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "400"},
    )
    return answer.stdout + answer.stderr


def build(house: Path) -> Path:
    for name in HOUSE:
        file = house / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return house


@pytest.fixture(scope="module")
def what_is_said_of_the_broken_house(tmp_path_factory: pytest.TempPathFactory) -> str:
    house = build(tmp_path_factory.mktemp("broken"))
    for where, imports, _ in BROKEN:
        with (house / where).open("a", encoding="utf-8") as file:
            file.write(f"import {imports}\n")
    return linted(house)


def test_a_house_in_order_keeps_every_contract(tmp_path: Path) -> None:
    said = linted(build(tmp_path))
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", said), said


def test_every_contract_can_be_broken(what_is_said_of_the_broken_house: str) -> None:
    assert "Contracts: 0 kept" in what_is_said_of_the_broken_house


@pytest.mark.parametrize(("where", "imports", "sentence"), BROKEN)
def test_each_wrong_import_is_named(
    what_is_said_of_the_broken_house: str, where: str, imports: str, sentence: str
) -> None:
    assert sentence in what_is_said_of_the_broken_house
