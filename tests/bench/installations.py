"""Installations that are measured: `okr up` in a directory of its own, and who speaks to it."""

import asyncio
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGINT
from typing import Any, Final

import httpx2
import psutil

from shared.okr.identity import import_id
from shared.runtime.auth.issuing import LocalIssuer, local_issuer
from shared.runtime.cli.installation import Installation
from shared.runtime.stack import LocalStack
from tests.bench.load import request
from tests.bench.machine import Crew

_CHECKOUT: Final = Path(__file__).parents[2]
_LONGEST: Final = 180.0
_WELCOME: Final = "The suite answers at"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class MakeUp:
    """`make up` as a person types it, with its output in a file beside the data."""

    def __init__(self, data: Path, port: int) -> None:
        self._log = data.parent / f"{data.name}.out"
        self._port = port
        self._begun = time.perf_counter()
        with self._log.open("wb") as log:
            self._make = subprocess.Popen(
                ["make", "up", f"ARGS=--data {data} --port {port}"],
                cwd=_CHECKOUT, stdout=log, stderr=log,
            )  # fmt: skip

    def first_page(self) -> float:
        """Seconds until it answers a browser for the first time."""
        with httpx2.Client(base_url=f"http://127.0.0.1:{self._port}") as client:
            while True:
                with suppress(httpx2.TransportError):
                    if client.get("/docs").is_success:
                        return time.perf_counter() - self._begun
                self._check()
                time.sleep(0.02)

    def welcome(self) -> float:
        """Seconds until it says that all is there, the demo too."""
        while _WELCOME not in self._log.read_text("utf-8"):
            self._check()
            time.sleep(0.05)
        return time.perf_counter() - self._begun

    @property
    def pid(self) -> int:
        """The supervisor's."""
        children = psutil.Process(self._make.pid).children(recursive=True)
        return next(int(each.pid) for each in children if "up" in each.cmdline())

    def stop(self) -> None:
        """Ctrl-C."""
        with suppress(psutil.NoSuchProcess, StopIteration):
            psutil.Process(self.pid).send_signal(SIGINT)
        self._make.wait(timeout=60)

    def _check(self) -> None:
        assert self._make.poll() is None, self._log.read_text("utf-8")
        assert time.perf_counter() - self._begun < _LONGEST, self._log.read_text("utf-8")


class Speaker:
    """Prepares requests to an installation that runs."""

    def __init__(self, data: Path) -> None:
        running = Installation(data).running()
        self.kafka, self.postgres = running.kafka, running.postgres
        host, _, port = running.http.removeprefix("http://").partition(":")
        self.host, self.port = host, int(port)
        self._work = running.internal["work"]
        self.crew = Crew(data)
        self._issuer: LocalIssuer = local_issuer(Installation(data).settings())
        self._tokens: dict[str, str] = {}

    def headers(self, who: str) -> dict[str, str]:
        """Those of somebody who is signed in: `admin`, or a member by key."""
        if who not in self._tokens:
            self._tokens[who] = (
                self._issuer.mint_operator("admin")
                if who == "admin"
                else self._issuer.mint(import_id("member", who))
            )
        return {"Authorization": f"Bearer {self._tokens[who]}"}

    def text(self, who: str, method: str, path: str, body: str = "") -> str:
        """A request with room for its Idempotency-Key."""
        headers = self.headers(who)
        if method != "GET":
            headers["Idempotency-Key"] = "{key}"
        return request(method, path, headers, body.encode()).decode()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a successful answer to the administrator."""
        answer = httpx2.request(
            method, f"http://{self.host}:{self.port}{path}", json=body,
            headers=self.headers("admin"), timeout=120.0,
        )  # fmt: skip
        assert answer.is_success, answer.text
        return answer.json()

    def at_rest(self) -> None:
        """Wait until nothing is under way that was caused so far: every reaction is done."""
        until = time.perf_counter() + _LONGEST
        while not httpx2.get(f"{self._work}/restz", timeout=60.0).is_success:
            assert time.perf_counter() < until, "it did not come to rest"
            time.sleep(0.05)


async def bare_pair(data: Path, idle: float) -> tuple[float, float]:
    """The broker and the database alone: seconds until both answer, GB when they idle."""
    began = time.perf_counter()
    async with LocalStack(data):
        seconds = time.perf_counter() - began
        await asyncio.sleep(idle)
        return seconds, sum(Crew(data).memory().values())
