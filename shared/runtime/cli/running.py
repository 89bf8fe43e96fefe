"""`okr run`: some services in this process, their settings from the environment."""

from typing import Final, cast

import typer

from shared.runtime.cli.said import Said
from shared.runtime.logging import configure
from shared.runtime.process import BOTH, PartName, Process, load, spare_the_collector
from shared.runtime.settings import Settings

SERVICES: Final = (
    "organization",
    "objectives",
    "checkins",
    "alignment",
    "notifications",
    "readmodels",
)
"""Every service there is; `all` means these."""


async def run_services(names: tuple[str, ...], part: str) -> None:
    """Run until told to stop; the exit code is 0 only when that was the reason to end."""
    wanted = SERVICES if names == ("all",) else names
    unknown = [name for name in wanted if name not in SERVICES]
    if unknown:
        raise Said(f"There is no service {unknown[0]}. There are: {', '.join(SERVICES)}, or all.")
    if part not in {*BOTH, "both"}:
        raise Said(f"There is no part {part}. There are: web, work, both.")
    parts = BOTH if part == "both" else frozenset({cast("PartName", part)})
    settings = Settings()
    configure(settings, process=f"{part} {' '.join(names)}")
    process = Process(load(wanted), settings, parts=parts)
    spare_the_collector()
    code = await process.run()
    raise typer.Exit(code)
