"""Measured processes: started with what to do as JSON, they print what they measured as JSON."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_CHECKOUT: Final = Path(__file__).parents[2]
_LONGEST: Final = 300.0


def measured(module: str, spec: dict[str, Any]) -> dict[str, Any]:
    """What `tests.bench.<module>` tells of itself."""
    done = subprocess.run(
        _command(module), input=json.dumps(spec), capture_output=True, text=True,
        cwd=_CHECKOUT, timeout=_LONGEST, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def loaded(spec: dict[str, Any], begin: Callable[[], None]) -> dict[str, Any]:
    """A load from beginning to end; `begin` is called once it has warmed up."""
    with subprocess.Popen(
        _command("load"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_CHECKOUT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(spec))
        process.stdin.close()
        assert process.stdout.readline() == "measuring\n"
        begin()
        told: dict[str, Any] = json.loads(process.stdout.read())
    assert process.returncode == 0
    return told


def answered(told: dict[str, Any], *statuses: int) -> None:
    """Fail unless every request was answered so."""
    others = {code: n for code, n in told["statuses"].items() if int(code) not in statuses}
    assert not others, f"answers that were not expected: {others}"


def _command(module: str) -> list[str]:
    return [sys.executable, "-m", f"tests.bench.{module}"]
