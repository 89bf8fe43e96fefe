"""`okr bench`: the benchmarks of the checkout, which the distribution does not carry."""

import subprocess
import sys
from pathlib import Path

import shared
from shared.runtime.cli.said import Said


def measure(only: str | None) -> int:
    """Run tests/bench beside this package; gives the exit code."""
    checkout = Path(shared.__file__).parent.parent
    if not (checkout / "tests" / "bench").is_dir():
        raise Said("The benchmarks are part of the checkout, not of the image: run them there.")
    chosen = [] if only is None else ["-k", only]
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-m", "bench", "tests/bench", *chosen]
    return subprocess.run(command, cwd=checkout, check=False).returncode  # noqa: S603 - our own
