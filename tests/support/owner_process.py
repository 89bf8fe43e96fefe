"""An owner of a tally service as a process: bootstrap, service, connection string or nothing."""

import asyncio
import contextlib
import signal
import sys

from shared.eventing.owner import Owner
from shared.eventing.snapshots import NoSnapshots, PostgresSnapshots
from tests.support.tally import Tally


async def serve(bootstrap: str, service: str, dsn: str = "", make: type[Tally] = Tally) -> None:
    """Run until SIGTERM; says `serving` whenever it begins to serve partitions."""
    snapshots = PostgresSnapshots(dsn) if dsn else NoSnapshots()
    owner = Owner(make(service), bootstrap=bootstrap, snapshots=snapshots, patience=5.0)
    task = asyncio.create_task(owner.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    serving = False
    while not task.done():
        await asyncio.wait([task], timeout=0.05)
        status = owner.status()
        now = bool(status["ready"] and status["partitions"])
        if now and not serving:
            print("serving", flush=True)  # noqa: T201 - the test that started it reads along
        serving = now
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    bootstrap, service, dsn = [*sys.argv[1:], ""][:3]
    asyncio.run(serve(bootstrap, service, dsn))
