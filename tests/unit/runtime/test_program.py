"""The command line: what each command starts."""

import asyncio

import pytest
import uvloop
from typer.testing import CliRunner

from shared.runtime.cli import running
from shared.runtime.cli.program import app


def test_services_run_on_the_quicker_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    loops = []

    async def run_services(names: tuple[str, ...], part: str) -> None:
        loops.append((names, part, type(asyncio.get_running_loop())))

    monkeypatch.setattr(running, "run_services", run_services)
    done = CliRunner().invoke(app, ["run", "checkins", "--part", "work"])
    assert done.exit_code == 0, done.output
    assert loops == [(("checkins",), "work", uvloop.Loop)]
