"""Starts the broker once on a directory of its own, to write the archive of its classes.

`make install` runs it (`python -m shared.runtime.stack.warm`); later starts take half the time.
"""

import asyncio
import tempfile
from pathlib import Path

from shared.runtime.stack.kafka import ARCHIVE, JARS, Kafka
from shared.runtime.stack.ports import Ports
from shared.runtime.stack.supervisor import Supervisor


async def warm(jars: Path = JARS) -> Path:
    """Writes the archive beside the jars and returns its path."""
    (jars / ARCHIVE).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        ports = Ports(data)
        broker = Kafka(data / "kafka", ports.take("kafka"), ports.take("controller"), jars)
        async with Supervisor(data) as supervisor:
            await supervisor.start(await broker.program(write_archive=True))
    return jars / ARCHIVE


if __name__ == "__main__":
    asyncio.run(warm())
