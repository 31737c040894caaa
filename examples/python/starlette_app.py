"""A receiver with Starlette, served by uvicorn."""

import asyncio
import os
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from waxwing_receiver import Event, MemorySeen
from waxwing_receiver.starlette import webhooks

secrets = os.environ.get("WEBHOOK_SECRETS", "").split() or sys.exit("WEBHOOK_SECRETS is missing")
MAX_TASKS = 1_000
tasks: set[asyncio.Task[None]] = set()  # a task that nobody refers to may be collected


@webhooks(secrets, seen=MemorySeen())
async def receive(_: Request, event: Event[str, Any]) -> None:
    if len(tasks) >= MAX_TASKS:
        raise RuntimeError("too much to do")  # 500, and the event comes again
    task = asyncio.create_task(work(event))
    tasks.add(task)
    task.add_done_callback(tasks.discard)  # asyncio logs an error that nobody asked for


async def work(event: Event[str, Any]) -> None:
    print("done", event.id, event.type, flush=True)  # what you do with it


app = Starlette(routes=[Route("/webhooks", receive, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]))
