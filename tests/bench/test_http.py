"""Writes over HTTP, and how soon somebody else sees them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.bench.company import Company, Report
from tests.bench.installations import Speaker, free_port
from tests.bench.machine import shares_text, spent
from tests.bench.rows import Baseline, Board, Row, at_least, at_most
from tests.bench.runs import answered, loaded, measured
from tests.bench.sizes import SEED, Sizes
from tests.journeys.suite import a_suite

pytestmark = pytest.mark.bench

CALLERS = 64


@dataclass
class Office:
    """An installation with a company in it, and the reports that its members make."""

    speaker: Speaker
    reports: list[Report]

    def spec(self, much: Sizes, run: str) -> dict[str, Any]:
        """A load of reports, each by the owner of its objective."""
        asks = [
            self.speaker.text(each.member, "POST", path_of(each), json.dumps(each.body))
            for each in self.reports
        ]
        return {
            "host": self.speaker.host, "port": self.speaker.port, "asks": asks, "run": run,
            "seconds": much.seconds, "warm_seconds": much.seconds / 2,
        }  # fmt: skip


def path_of(report: Report) -> str:
    return f"/v1/objectives/{report.objective_id}/key-results/{report.key_result_id}/progress"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, much: Sizes) -> Iterator[Office]:
    data = tmp_path_factory.mktemp("office") / "data"
    company = Company(much.objectives, SEED)
    with a_suite(data, "--no-demo", "--training", "--port", str(free_port())):
        speaker = Speaker(data)
        told = speaker.ask("POST", "/v1/imports", company.import_file())
        assert not told["refused"], told["refused"][0]
        speaker.at_rest()
        # As many as there are key results and a few: whoever asks, asks of all of them.
        count = sum(len(goal.kinds) for goal in company.goals) * 2 + 1
        yield Office(speaker, list(company.reports(count, SEED)))


@contextmanager
def bare_route() -> Iterator[int]:
    """The port of the bare route while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare_route"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["port"]
        process.stdin.close()


def test_one_caller(office: Office, board: Board, much: Sizes) -> None:
    where = {"kafka": office.speaker.kafka, "seed": SEED, "count": much.produces}
    bare = measured("bare", {"measure": "produce", **where})
    told = loaded({**office.spec(much, "one"), "callers": 1}, lambda: None)
    answered(told, 201)
    flushed, plain = bare["flushed"], bare["plain"]
    board.add(
        Row(
            "write_p50", "one write, one caller, p50 (flush.messages=1)", told["p50"], " ms",
            at_most(6),
            [Baseline(f"bare produce, acks=all, same topic settings: {flushed['p50']:.2f} ms",
                      told["p50"] / flushed["p50"], at_most(8)),
             Baseline(f"without flush: {plain['p50']:.2f} ms", told["p50"] / plain["p50"])],
        )
    )  # fmt: skip
    board.add(
        Row(
            "write_p99", "one write, one caller, p99", told["p99"], " ms", at_most(20),
            [Baseline(f"bare produce, acks=all, same topic settings: {flushed['p99']:.2f} ms",
                      told["p99"] / flushed["p99"])],
        )
    )  # fmt: skip


def test_64_callers(office: Office, board: Board, much: Sizes) -> None:
    spec = {**office.spec(much, "many"), "callers": CALLERS}
    with bare_route() as port:
        bare = loaded({**spec, "port": port}, lambda: None)
    before: dict[str, float] = {}
    crew = office.speaker.crew
    told = loaded(spec, lambda: before.update(crew.seconds()))
    took = {**spent(before, crew.seconds()), "load": told["cpu"]}
    answered(bare, 201)
    answered(told, 201)
    rate, parsed = told["count"] / told["seconds"], bare["count"] / bare["seconds"]
    board.add(
        Row(
            "writes_rate", "writes, 64 callers, everything on this machine", rate, "/s",
            at_least(1_500),
            [Baseline(f"bare FastAPI route parsing the same body: {parsed:,.0f}/s",
                      100 * rate / parsed, at_least(25), " %")],
            shares_text(took, told["count"], "a write"),
        )
    )  # fmt: skip
    board.add(
        Row(
            "writes_p99", "writes, 64 callers, p99", told["p99"], " ms", at_most(120),
            [Baseline(f"the bare route: {bare['p99']:.0f} ms", told["p99"] / bare["p99"])],
        )
    )  # fmt: skip


def test_a_check_in_is_seen(office: Office, board: Board, much: Sizes) -> None:
    speaker = office.speaker
    where = {"kafka": speaker.kafka, "postgres": speaker.postgres, "seed": SEED}
    bare = measured("bare", {"measure": "path", "count": much.seen, **where})
    # The last ones: their days are the latest, so each is the latest measurement when it is there.
    reports = office.reports[-much.seen :]
    told = measured(
        "seeing",
        {
            "host": speaker.host,
            "port": speaker.port,
            "check_ins": [_check_in(speaker, each) for each in reports],
        },
    )
    for key, most, which in (("p50", 150, "p50"), ("p99", 500, "p99")):
        board.add(
            Row(
                f"seen_{key}", f"a check-in seen by somebody else, {which}", told[key], " ms",
                at_most(most),
                [Baseline(f"bare produce, consume, upsert, select: {bare[key]:.1f} ms",
                          told[key] / bare[key])],
                f"{told['looks']:.1f} looks each" if key == "p50" else "",
            )
        )  # fmt: skip


def _check_in(speaker: Speaker, report: Report) -> dict[str, str]:
    """The owner's check-in, and the request by which a colleague sees that it is there."""
    reading = {key: report.body[key] for key in ("reading", "observed_on", "confidence")}
    body = {"readings": {report.key_result_id: reading}}
    objective = f"/v1/objectives/{report.objective_id}"
    return {
        "write": speaker.text(
            report.member, "POST", f"{objective}/check-ins", json.dumps(body)
        ),
        "look": speaker.text(
            "admin", "GET", f"{objective}/key-results/{report.key_result_id}"
        ),
    }  # fmt: skip
