"""Settings: read once from the environment (`OKR_…`) and passed on; every one has a safe default.

Secrets are files, never values: an environment is shown by too many tools.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """What a process needs to know of its surroundings."""

    model_config = SettingsConfigDict(env_prefix="OKR_", frozen=True, extra="ignore")

    bootstrap: str = "127.0.0.1:9092"
    """The broker's addresses, comma-separated."""
    postgres: str = "postgresql://postgres@127.0.0.1:5432/okr"
    """Where the people store, snapshots and read models are."""
    data_dir: Path = Path(".okr")
    """Where a local installation keeps its secrets."""

    host: str = "127.0.0.1"
    port: Port = 8080
    internal_host: str = "127.0.0.1"
    internal_port: Port = 8081
    """`/livez`, `/readyz` and `/metrics`, for the supervisor and the monitoring only."""
    readmodels_url: str | None = None
    """Where GET routes are that this process does not serve itself."""

    token_issuer: str = "okr-local"  # noqa: S105 - a name
    token_audience: str = "okr"  # noqa: S105 - a name
    token_key_file: Path | None = None
    """PEM of the key that signs tokens here; left out it is made below `data_dir`."""
    people_key_file: Path | None = None
    """32 bytes that wrap the people's keys; left out they are made below `data_dir`."""

    rate_per_second: Annotated[float, Field(gt=0)] = 10_000.0
    """Requests a second of one principal; beyond it 429."""
    rate_burst: Annotated[int, Field(gt=0)] = 20_000
    """Requests that a principal may save up."""
    most_under_way: Annotated[int, Field(gt=0)] = 4_096
    """Requests under way at once in this process; beyond it 429."""
    write_wait_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long a write waits for its answer before it says that the outcome is unknown."""
    drain_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long a process that is told to stop waits for what is under way."""

    training: bool = False
    """Whether a new organization is made for training: its clock can be moved, for ever shown."""
    time_zone: str = "Asia/Shanghai"
    """The zone of a new organization."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "plain"] = "auto"
    """Plain on a terminal, else JSON."""

    def secret_file(self, name: str) -> Path:
        """Where a secret of a local installation stands."""
        return self.data_dir / "secrets" / name
