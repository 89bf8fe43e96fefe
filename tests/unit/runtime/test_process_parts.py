"""The small parts of a process: what is ready, what ends, what is logged, what is secret."""

import asyncio
import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog

from shared.runtime.logging import configure
from shared.runtime.metrics import Metrics
from shared.runtime.readiness import Readiness
from shared.runtime.rest import Rest
from shared.runtime.secret_files import SecretIsOpen, read, read_or_make
from shared.runtime.settings import Settings
from shared.runtime.supervision import Loops
from tests.support.http import Asker


class TestReadiness:
    def test_it_is_ready_when_every_component_is(self) -> None:
        readiness = Readiness(Metrics())
        light = readiness.component("a")
        readiness.watch("b", lambda: None)
        assert (readiness.ready, readiness.states()) == (False, {"a": "starting", "b": None})
        light.ready()
        assert readiness.ready
        light.not_ready("the broker is away")
        assert readiness.states()["a"] == "the broker is away"

    def test_two_components_of_one_name_are_a_mistake(self) -> None:
        readiness = Readiness()
        readiness.component("a")
        with pytest.raises(ValueError, match="called a"):
            readiness.component("a")

    def test_it_is_a_figure_too(self) -> None:
        metrics = Metrics()
        Readiness(metrics).component("a").ready()
        labels = {"component": "a"}
        assert metrics.registry.get_sample_value("okr_component_ready", labels) == 1.0


class TestLoops:
    async def test_one_that_fails_is_named_with_its_reason(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def breaks() -> None:
            raise RuntimeError("no more")

        readiness = Readiness()
        loops = Loops(readiness)
        loops.start("folding", breaks())
        async with asyncio.timeout(5):
            assert await loops.first_to_end() == "folding"
        assert readiness.states() == {"loop folding": "RuntimeError: no more"}
        assert "folding" in caplog.text
        await loops.stop(1.0)

    async def test_one_that_just_ends_is_an_outage_too(self) -> None:
        async def ends() -> None: ...

        readiness = Readiness()
        loops = Loops(readiness)
        waiting = asyncio.create_task(loops.first_to_end())
        await asyncio.sleep(0)
        loops.start("folding", ends())
        async with asyncio.timeout(5):
            assert await waiting == "folding"
        assert not readiness.ready

    async def test_they_are_stopped_youngest_first(self) -> None:
        ended: list[str] = []

        async def runs(name: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        readiness = Readiness()
        loops = Loops(readiness)
        for name in ("edge", "owner", "reactions"):
            loops.start(name, runs(name))
        await asyncio.sleep(0)
        await loops.stop(1.0)
        assert ended == ["reactions", "owner", "edge"]
        assert readiness.ready

    async def test_one_that_will_not_stop_is_left_behind(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        let_go = asyncio.Event()

        async def clings() -> None:
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                await let_go.wait()

        loops = Loops(Readiness())
        loops.start("clinging", clings())
        await asyncio.sleep(0)
        await loops.stop(0.01)
        assert "clinging did not end" in caplog.text
        let_go.set()


class TestRest:
    async def test_what_is_in_hand_is_not_at_rest(self) -> None:
        rest = Rest("nowhere:1")

        async def in_hand() -> None:
            return None

        rest.watch("a", in_hand)
        assert await rest.busy() == {"a": "in hand"}

    async def test_nothing_to_do_is_rest(self) -> None:
        assert await Rest("nowhere:1").busy() == {}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is written to stderr as JSON lines, once logging is set up."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure(Settings(log_format="json"), process="web")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class TestLogging:
    def test_a_line_is_one_json_object_with_its_process(self, lines: Any) -> None:
        logging.getLogger("x").warning("%s is away", "the broker")
        line = lines()[0]
        assert (line["event"], line["level"], line["process"]) == (
            "the broker is away", "warning", "web",
        )  # fmt: skip

    def test_it_carries_what_was_bound(self, lines: Any) -> None:
        with structlog.contextvars.bound_contextvars(offset=7):
            logging.getLogger("x").warning("read")
        assert lines()[0]["offset"] == 7

    @pytest.mark.parametrize("name", ["token", "email", "display_name", "authorization", "body"])
    def test_names_and_secrets_are_left_out(self, lines: Any, name: str) -> None:
        structlog.get_logger("x").warning("told", **{name: "李雷"})
        assert "李雷" not in json.dumps(lines(), ensure_ascii=False)

    def test_an_error_brings_its_trace(self, lines: Any) -> None:
        try:
            int("broken")
        except ValueError:
            logging.getLogger("x").exception("fault")
        assert lines()[0]["exception"][0]["exc_type"] == "ValueError"

    @pytest.mark.parametrize("form", ["json", "plain"])
    def test_a_trace_tells_no_local_variable(
        self, monkeypatch: pytest.MonkeyPatch, lines: Any, form: Any
    ) -> None:
        written = io.StringIO()
        monkeypatch.setattr(sys, "stderr", written)
        configure(Settings(log_format=form), process="web")
        name_of_a_person = "李" + "雷"
        try:
            int(f"{len(name_of_a_person)}x")
        except ValueError:
            logging.getLogger("x").exception("fault")
        assert "ValueError" in written.getvalue()
        assert name_of_a_person not in written.getvalue()
        assert lines() == []


class TestSettings:
    def test_they_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OKR_PORT", "9999")
        monkeypatch.setenv("OKR_TRAINING", "true")
        settings = Settings()
        assert (settings.port, settings.training) == (9999, True)

    def test_nonsense_fails_the_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OKR_PORT", "a lot")
        with pytest.raises(ValueError, match="port"):
            Settings()

    def test_they_do_not_change(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            Settings().port = 1  # type: ignore[misc]


class TestSecretFiles:
    def test_one_is_made_once(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "key"
        made = iter([b"first", b"second"])
        assert [read_or_make(path, lambda: next(made)) for _ in range(2)] == [b"first"] * 2
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(path.parent.iterdir()) == [path]

    def test_whoever_comes_second_reads_what_the_first_wrote(self, tmp_path: Path) -> None:
        path = tmp_path / "key"

        def slowly() -> bytes:
            path.write_bytes(b"of the other")
            path.chmod(0o600)
            return b"mine"

        assert read_or_make(path, slowly) == b"of the other"

    def test_one_that_anybody_can_read_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "key"
        path.write_bytes(b"x")
        path.chmod(0o644)
        with pytest.raises(SecretIsOpen, match="chmod"):
            read(path)


class TestTheInternalPort:
    async def test_it_tells_why_it_is_not_ready(self) -> None:
        from shared.runtime.http.internal import internal_app

        async def busy() -> dict[str, str]:
            return {"owner": "3 of 4"}

        metrics, readiness = Metrics(), Readiness()
        light = readiness.component("broker")
        light.not_ready("away")
        asker = Asker(internal_app(readiness, metrics, lambda: {"parts": ["web"]}, busy), "")
        assert (await asker.ask("GET", "/livez")).status == 200
        told = await asker.ask("GET", "/readyz")
        assert (told.status, told.json["components"]["broker"]["reason"]) == (503, "away")
        light.ready()
        assert (await asker.ask("GET", "/readyz")).status == 200
        assert (await asker.ask("GET", "/statusz")).json["parts"] == ["web"]
        assert (await asker.ask("GET", "/restz")).status == 503
        assert b"okr_http_requests_under_way" in (await asker.ask("GET", "/metrics")).body
