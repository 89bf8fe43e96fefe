"""A local installation: what its data directory says about it to every command."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from shared.runtime.cli.said import Said
from shared.runtime.settings import Settings

Kind = Literal["demo", "training", "real"]
_KIND: Final = "kind"
_RUNNING: Final = "okr.json"


@dataclass(frozen=True, slots=True)
class Running:
    """Where everything of a running installation is."""

    http: str
    kafka: str
    postgres: str
    internal: dict[str, str]
    """Process → base address of `/livez`, `/readyz`, `/metrics`."""


class Installation:
    """One data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def kind(self, wanted: Kind | None = None) -> Kind:
        """What it was begun as; `wanted` decides at the first start, and never after."""
        path = self.data / _KIND
        if path.exists():
            known: Kind = path.read_text("utf-8").strip()  # type: ignore[assignment]
            return known
        if wanted is None:
            raise Said(f"Nothing was ever started in {self.data}. Type: okr up --data {self.data}")
        self.data.mkdir(parents=True, exist_ok=True)
        _write(path, wanted)
        return wanted

    def note(self, running: Running) -> None:
        """Say where everything is; readable by the owner only, since it holds a password."""
        _write(self.data / _RUNNING, json.dumps(asdict(running)))

    def running(self) -> Running:
        """Where everything is; raises `Said` when it was never started."""
        try:
            return Running(**json.loads((self.data / _RUNNING).read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            raise Said(
                f"Nothing was ever started in {self.data}. Type: okr up --data {self.data}"
            ) from None

    def settings(self) -> Settings:
        """The settings of this installation: its addresses where it was started, else the usual."""
        try:
            running = self.running()
        except Said:
            return Settings(data_dir=self.data)
        return Settings(data_dir=self.data, bootstrap=running.kafka, postgres=running.postgres)


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text(text, "utf-8")
    beside.replace(path)
