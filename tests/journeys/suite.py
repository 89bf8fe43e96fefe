"""A whole suite as a person starts it: `okr up` as a process, and a client that speaks HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import Any, Self
from uuid import uuid4

import httpx2
import psutil

OKR = (sys.executable, "-m", "shared.runtime.cli")
READY_WITHIN = 90.0
CHECKOUT = Path(__file__).parents[2]


class Suite:
    """`okr up` in a data directory; it can be stopped, killed, and started again."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._log = data.parent / f"{data.name}.out"

    def start(self) -> Self:
        """Start it and wait until it says where it is."""
        said = self._said()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*OKR, "up", "--data", str(self.data), *self._arguments],
                stdout=log,
                stderr=log,
                cwd=CHECKOUT,
                env={**os.environ, "COLUMNS": "200"},
            )
        wait_until(lambda: self._said() > said or not self.runs, READY_WITHIN)
        assert self.runs, self.output
        return self

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def output(self) -> str:
        return self._log.read_text("utf-8")

    def _said(self) -> int:
        """How often it has said that it answers."""
        return self.output.count("The suite answers at") if self._log.exists() else 0

    def stop(self) -> int:
        """Ctrl-C; gives the exit code."""
        assert self._process is not None
        self._process.send_signal(SIGINT)
        return self._process.wait(timeout=60)

    def kill_everything(self) -> None:
        """`kill -9` of the supervisor and of all it started, at once."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        everybody = [parent, *parent.children(recursive=True)]
        for each in everybody:
            # Those of Postgres end by themselves once their first one is gone.
            with suppress(psutil.NoSuchProcess):
                each.send_signal(SIGKILL)
        psutil.wait_procs(everybody, timeout=10)
        self._process.wait(timeout=10)

    def close(self) -> None:
        if self.runs:
            self.stop()

    def okr(self, *arguments: str) -> str:
        """Run `okr` on this installation; gives what it prints."""
        done = subprocess.run(
            [*OKR, *arguments, "--data", str(self.data)],
            capture_output=True, cwd=CHECKOUT, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    @property
    def http(self) -> str:
        address: str = json.loads((self.data / "okr.json").read_text("utf-8"))["http"]
        return address

    def person(self, who: str) -> "Person":
        """Somebody signed in."""
        return Person(self, self.okr("token", "--as", who))


class Person:
    """Speaks HTTP with a token of their own; reads what they wrote."""

    def __init__(self, suite: Suite, token: str) -> None:
        self._suite = suite
        self._token = token
        self._seen: dict[str, int] = {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        sent = {"Authorization": f"Bearer {self._token}", "Accept-Language": "en", **headers}
        if self._seen:
            sent["OKR-After"] = ",".join(f"{p}@{o}" for p, o in self._seen.items())
        if method != "GET":
            sent.setdefault("Idempotency-Key", str(uuid4()))
        answer = httpx2.request(
            method, self._suite.http + path, json=body, headers=sent, timeout=60.0
        )
        if method != "GET" and answer.is_success:
            self._note(answer.headers.get("okr-position", ""))
        return answer

    def _note(self, positions: str) -> None:
        for each in filter(None, positions.split(",")):
            place, _, offset = each.strip().partition("@")
            self._seen[place] = max(int(offset), self._seen.get(place, -1))

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def write(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.ask(method, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.write("POST", path, body, **headers)


@contextmanager
def a_suite(data: Path, *arguments: str) -> Iterator[Suite]:
    """A suite for as long as the block runs."""
    suite = Suite(data, *arguments)
    try:
        yield suite.start()
    finally:
        suite.close()


def wait_until(met: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition; fails when it is not met in time."""
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until, f"not met within {seconds} s"
        time.sleep(0.05)
