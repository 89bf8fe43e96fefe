"""The demo as it is started by `make up`: how soon it answers, what it holds, how fast it reads."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.installations import MakeUp, Speaker, bare_pair, free_port
from tests.bench.machine import memory_of, shares_text, spent
from tests.bench.rows import Baseline, Board, Row, at_least, at_most
from tests.bench.runs import answered, loaded, measured
from tests.bench.sizes import Sizes

pytestmark = pytest.mark.bench


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


def test_the_six_departments_in_one_read(
    demo: MakeUp, room: Path, board: Board, much: Sizes
) -> None:
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
            "measure": "select", "postgres": speaker.postgres, "callers": 16,
            "count": much.selects, "ids": [each["id"] for each in shown],
        },
    )  # fmt: skip
    one = loaded({**spec, "callers": 1}, lambda: None)
    before: dict[str, float] = {}
    many = loaded({**spec, "callers": 16}, lambda: before.update(speaker.crew.seconds()))
    took = {**spent(before, speaker.crew.seconds()), "load": many["cpu"]}
    for told in (one, many):
        answered(told, 200)
    board.add(
        Row(
            "six_p50", "the six departments, one read, one caller, p50", one["p50"], " ms",
            at_most(5),
            [Baseline(f"select of the same rows by key: {bare['p50']:.2f} ms",
                      one["p50"] / bare["p50"])],
        )
    )  # fmt: skip
    rate = many["count"] / many["seconds"]
    board.add(
        Row(
            "six_rate", "the six departments, 16 callers", rate, "/s", at_least(1_200),
            [Baseline(f"select of the same rows by key, 16 callers: {bare['rate']:,.0f}/s",
                      100 * rate / bare["rate"], unit=" %")],
            shares_text(took, many["count"], "a read"),
        )
    )  # fmt: skip
