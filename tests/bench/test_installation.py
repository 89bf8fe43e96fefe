"""The demo as it is started by `make up`: how soon it answers, what it holds, how fast it reads."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.bench.installations import MakeUp, Speaker, bare_pair, free_port
from tests.bench.machine import memory_of, shares_text, spent
from tests.bench.rows import Baseline, Board, Row, at_least, at_most
from tests.bench.runs import answered, loaded, measured
from tests.bench.sizes import Sizes

pytestmark = pytest.mark.bench

READERS = 16


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def bare(room: Path, much: Sizes) -> tuple[float, float]:
    """Seconds and GB of the broker and the database alone."""
    return asyncio.run(bare_pair(room / "bare", much.idle_seconds))


@pytest.fixture(scope="module")
def demo(room: Path, bare: tuple[float, float]) -> Iterator[MakeUp]:
    """The demo, in a new directory; what a first start needs besides has been made before."""
    made = MakeUp(room / "demo", free_port())
    yield made
    made.stop()


def test_from_make_up_to_the_first_page(
    demo: MakeUp, bare: tuple[float, float], board: Board
) -> None:
    seconds, _ = bare
    first = demo.first_page()
    whole = demo.welcome()
    board.add(
        Row(
            "up", "make up, warm, to the first page", first, " s", at_most(15),
            [Baseline(f"broker and database alone: {seconds:.1f} s", first / seconds)],
            f"a new data directory; the demo's autumn was played after {whole:.0f} s",
        )
    )  # fmt: skip


def test_memory_of_the_demo_when_it_idles(
    demo: MakeUp, room: Path, bare: tuple[float, float], board: Board, much: Sizes
) -> None:
    demo.welcome()
    time.sleep(much.idle_seconds)
    held = {"okr up": memory_of(demo.pid), **Speaker(room / "demo").crew.memory()}
    total, (_, alone) = sum(held.values()), bare
    parts = ", ".join(f"{name} {1000 * gigabytes:.0f}" for name, gigabytes in held.items())
    board.add(
        Row(
            "memory", "memory, okr up idle with the demo", total, " GB", at_most(1.2),
            [Baseline(f"broker and database alone, empty: {alone:.2f} GB", total / alone)],
            f"MB of each (PSS): {parts}",
        )
    )  # fmt: skip


@dataclass
class Reading:
    """The demo, and what is asked of it: all objectives with all key results, in one read."""

    speaker: Speaker
    spec: dict[str, Any]
    shown: list[dict[str, Any]]
    bare: dict[str, float]

    def loaded(self, callers: int) -> tuple[dict[str, Any], dict[str, float]]:
        """What came of it, and processor seconds of everybody meanwhile."""
        before: dict[str, float] = {}
        crew = self.speaker.crew
        told = loaded({**self.spec, "callers": callers}, lambda: before.update(crew.seconds()))
        answered(told, 200)
        return told, {**spent(before, crew.seconds()), "load": told["cpu"]}

    def against(self, rate: float) -> Baseline:
        return Baseline(
            f"select of the same rows by key, {READERS} callers: {self.bare['rate']:,.0f}/s",
            100 * rate / self.bare["rate"], unit=" %",
        )  # fmt: skip


@pytest.fixture(scope="module")
def reading(demo: MakeUp, room: Path, much: Sizes) -> Reading:
    demo.welcome()
    speaker = Speaker(room / "demo")
    cycle_id = speaker.ask("GET", "/v1/cycles")["items"][0]["id"]
    path = f"/v1/objectives?cycle_id={cycle_id}&limit=200"
    shown = speaker.ask("GET", path)["items"]
    assert sum(len(each["key_results"]) for each in shown) >= 44
    spec = {
        "host": speaker.host, "port": speaker.port, "run": "six",
        "asks": [speaker.text("admin", "GET", path)],
        "seconds": much.seconds, "warm_seconds": much.seconds / 2,
    }  # fmt: skip
    bare = measured(
        "bare",
        {
            "measure": "select", "postgres": speaker.postgres, "callers": READERS,
            "count": much.selects, "ids": [each["id"] for each in shown],
        },
    )  # fmt: skip
    return Reading(speaker, spec, shown, bare)


def test_the_six_departments_in_one_read(reading: Reading, board: Board) -> None:
    told, _ = reading.loaded(1)
    alone = reading.bare["p50"]
    board.add(
        Row(
            "six_p50", "the six departments, one read, one caller, p50", told["p50"], " ms",
            at_most(5),
            [Baseline(f"select of the same rows by key: {alone:.2f} ms", told["p50"] / alone)],
        )
    )  # fmt: skip


def test_the_six_departments_for_many(reading: Reading, board: Board) -> None:
    told, took = reading.loaded(READERS)
    rate = told["count"] / told["seconds"]
    board.add(
        Row(
            "six_rate", f"the six departments, {READERS} callers", rate, "/s", at_least(1_200),
            [reading.against(rate)], shares_text(took, told["count"], "a read"),
        )
    )  # fmt: skip


def test_the_six_departments_while_they_report(reading: Reading, board: Board) -> None:
    """What was read is remembered until something is folded; so somebody reports meanwhile."""
    with ThreadPoolExecutor() as executor:
        writing = executor.submit(loaded, _reports(reading), lambda: None)
        told, took = reading.loaded(READERS)
        written = writing.result()
    answered(written, 201)
    rate = told["count"] / told["seconds"]
    board.add(
        Row(
            "six_busy",
            f"the same with {written['count'] / written['seconds']:.0f} reports a second",
            rate, "/s", at_least(1_200),
            [reading.against(rate)], shares_text(took, told["count"], "a read"),
        )
    )  # fmt: skip


def _reports(reading: Reading) -> dict[str, Any]:
    """A load of one who reports on a number, again and again, for as long as others read."""
    numbers = (
        key_result
        for objective in reading.shown
        for key_result in objective["key_results"]
        if key_result["measure"]["kind"] == "metric" and key_result["latest"]
    )
    one = next(numbers)
    path = f"/v1/objectives/{one['objective_id']}/key-results/{one['id']}/progress"
    bodies = (
        {"reading": {"value": f"{n}"}, "observed_on": one["latest"]["observed_on"]}
        for n in range(1, 50)
    )
    asks = [reading.speaker.text("admin", "POST", path, json.dumps(body)) for body in bodies]
    return {**reading.spec, "asks": asks, "run": "reports", "callers": 1, "pause": 0.05}
