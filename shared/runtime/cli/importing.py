"""`okr import`: a file through the same route that everybody else uses."""

import json
from pathlib import Path

import httpx2
from rich.console import Console
from rich.table import Table

from shared.runtime.auth.issuing import local_issuer
from shared.runtime.cli.installation import Installation
from shared.runtime.cli.said import Said

LONGEST_SECONDS = 600.0


def import_file(
    data: Path, file: Path, out: Console, *, dry_run: bool, update: bool, as_json: bool
) -> None:
    """Send the file and say what became of its rows; a refused row makes the exit code 1."""
    if not file.is_file():
        raise Said(f"There is no file {file}.")
    installation = Installation(data)
    token = local_issuer(installation.settings()).mint_operator("admin")
    asked = {"dry_run": str(dry_run).lower(), "update": str(update).lower()}
    with httpx2.Client(base_url=installation.running().http, timeout=LONGEST_SECONDS) as client:
        try:
            answer = client.post(
                "/v1/imports",
                params=asked,
                content=file.read_bytes(),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                    "Accept-Language": "en",
                },
            )
        except httpx2.TransportError as error:
            raise Said(
                f"Nobody answers at {client.base_url}: {error}. Is okr up running?"
            ) from None
    try:
        told = answer.json()
    except ValueError:
        raise Said(f"The answer was cut short ({answer.status_code}). Is okr up running?") from None
    if as_json:
        out.print_json(json.dumps(told, ensure_ascii=False))
    if not answer.is_success:
        raise Said(_problem(told))
    if not as_json:
        _show(told, out)
    if told["refused"]:
        raise Said(f"{len(told['refused'])} of {told['rows']} rows were refused.")


def _problem(told: dict[str, object]) -> str:
    lines = [str(told.get("detail") or told.get("title"))]
    errors = told.get("errors")
    if isinstance(errors, list):
        lines += [f"  {each['pointer']}: {each['message']}" for each in errors]
    return "\n".join(lines)


def _show(told: dict[str, object], out: Console) -> None:
    table = Table("rows", "created", "unchanged", "changed", "refused", box=None)
    refused = told["refused"] if isinstance(told["refused"], list) else []
    counts = [str(told[name]) for name in ("rows", "created", "unchanged", "changed")]
    table.add_row(*counts, str(len(refused)))
    out.print(table)
    for each in refused:
        out.print(f"  row {each['row']}: {each['message']}", markup=False)
