"""A bare FastAPI route that parses the body of a report and does nothing with it.

Served as our own process serves, by one uvicorn on one socket.
"""

import asyncio
import json
import sys

import uvloop
from fastapi import FastAPI

from services.checkins.api import NewMeasurement
from shared.runtime.serving import served

app = FastAPI(openapi_url=None)


@app.post("/v1/objectives/{objective_id}/key-results/{key_result_id}/progress", status_code=201)
async def parse(objective_id: str, key_result_id: str, body: NewMeasurement) -> dict[str, str]:
    return {"id": key_result_id}


async def serve() -> None:
    """Say the port, and serve until stdin is closed."""
    async with served(app, "127.0.0.1", 0, drain_seconds=1.0) as port:
        sys.stdout.write(json.dumps({"port": port}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
