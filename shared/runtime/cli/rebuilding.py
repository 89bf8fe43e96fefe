"""`okr rebuild`: read models folded again from offset 0, beside the old ones, and compared."""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from shared.eventing.digests import Digests, stored_digests
from shared.eventing.fold import HistoryCut
from shared.eventing.projection import Projection
from shared.eventing.rebuild import build
from shared.eventing.wire import Unreadable
from shared.runtime.cli.installation import Installation
from shared.runtime.cli.running import SERVICES
from shared.runtime.cli.said import Said
from shared.runtime.process import load

Told = Mapping[str, Mapping[str, object]]


async def rebuild_projections(data: Path, name: str | None, out: Console, *, as_json: bool) -> None:
    """Rebuild one or all; says the digest of each table before and after."""
    running = Installation(data).running()
    known = {each.name: each for service in load(SERVICES) for each in service.projections}
    if name is not None and name not in known:
        raise Said(f"There is no read model {name}. There are: {', '.join(known)}.")
    wanted = list(known.values()) if name is None else [known[name]]
    before = [await stored_digests(each, dsn=running.postgres) for each in wanted]
    try:
        failed = await build(wanted, dsn=running.postgres, bootstrap=running.kafka)
    except (HistoryCut, Unreadable) as error:
        raise Said(f"The log cannot be folded: {error}") from None
    after = [await stored_digests(each, dsn=running.postgres) for each in wanted]
    told = {
        each.name: _told(each, old, new)
        for each, old, new in zip(wanted, before, after, strict=True)
    }
    if as_json:
        out.print_json(json.dumps(told))
    else:
        _show(told, out)
    if failed:
        raise Said("\n".join(f"{each}: {reason}" for each, reason in failed.items()))


def _told(
    projection: Projection, before: Digests | None, after: Digests | None
) -> Mapping[str, object]:
    tables = {} if after is None else dict(after.tables)
    old = {} if before is None else dict(before.tables)
    return {
        "version": projection.version,
        "rows": {} if after is None else dict(after.rows),
        "digests": tables,
        "changed": sorted(name for name, sha in tables.items() if old.get(name) != sha),
    }


def _show(told: Told, out: Console) -> None:
    table = Table("read model", "table", "rows", "digest", "", box=None)
    for name, each in told.items():
        digests, rows, changed = each["digests"], each["rows"], each["changed"]
        if not isinstance(digests, dict) or not isinstance(rows, dict):
            continue
        for place, sha in digests.items():
            marked = "changed" if isinstance(changed, list) and place in changed else "the same"
            table.add_row(name, place, str(rows[place]), sha[:16], marked)
    out.print(table)
