"""The demo's two files and the article that they tell, read for the tests."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from shared.okr.calendar import Due
from shared.okr.measures import Measure

HERE = Path(__file__).parent
DEMO = HERE.parents[2] / "demo"
ARTICLE = (HERE / "article.zh.txt").read_text(encoding="utf-8")

MEASURES: TypeAdapter[Measure] = TypeAdapter(Measure)
DUES: TypeAdapter[date] = TypeAdapter(Due)


@dataclass(frozen=True)
class KeyResult:
    """A key result of the import; `path` is `<objective key>/<key>`."""

    path: str
    objective: str
    owner: str
    title: str
    body: dict[str, Any]
    due: date | None

    @property
    def measure(self) -> Measure:
        """Its measure, validated."""
        return MEASURES.validate_python(self.body)


def six_departments() -> dict[str, Any]:
    """Read the import."""
    return _read("six-departments.json")


def story() -> dict[str, Any]:
    """Read the story."""
    return _read("story.json")


def objectives(of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the objectives of an import, in its order."""
    for department in of["departments"]:
        yield from department["objectives"]


def key_results(of: dict[str, Any]) -> dict[str, KeyResult]:
    """Return the key results of an import by path, in its order."""
    found = {}
    for objective in objectives(of):
        for kr in objective["key_results"]:
            path = f"{objective['key']}/{kr['key']}"
            due = DUES.validate_python(kr["due"]) if "due" in kr else None
            found[path] = KeyResult(
                path, objective["key"], objective["owner"], kr["title"], kr["measure"], due
            )
    return found


def article_objectives() -> list[tuple[str, list[str]]]:
    """Return the article's objectives with their key results, in its words and its order."""
    found: list[tuple[str, list[str]]] = []
    for line in ARTICLE.splitlines():
        if objective := re.fullmatch(r"  • 目标(?: \d)?\(O\d?\):(.+)", line):
            found.append((objective[1], []))
        elif kr := re.fullmatch(r"  • KR\d:(.+)", line):
            found[-1][1].append(kr[1])
    return found


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DEMO / name).read_text(encoding="utf-8"))
    return read
