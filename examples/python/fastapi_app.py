"""A receiver with FastAPI, served by uvicorn."""

import os
import sys
import traceback
from typing import Annotated, Any

import uvicorn
from fastapi import BackgroundTasks, Depends, FastAPI
from waxwing_receiver import Event, MemorySeen
from waxwing_receiver.starlette import Answered, answer, webhook_event

secrets = os.environ.get("WEBHOOK_SECRETS", "").split() or sys.exit("WEBHOOK_SECRETS is missing")
MAX_REQUESTS = 1_000  # with their tasks; beyond it uvicorn answers 503, and the event comes again
app = FastAPI()
app.add_exception_handler(Answered, answer)
Webhook = Annotated[Event[str, Any], Depends(webhook_event(secrets, seen=MemorySeen()))]


@app.post("/webhooks", status_code=204)
async def receive(event: Webhook, tasks: BackgroundTasks) -> None:
    tasks.add_task(work, event)  # after the answer


def work(event: Event[str, Any]) -> None:
    try:
        print("done", event.id, event.type, flush=True)  # what you do with it
    except Exception:  # the sender was told 204 already, so the event must stay remembered
        traceback.print_exc()


if __name__ == "__main__":
    port = int(os.environ["PORT"])
    uvicorn.run(app, host="127.0.0.1", port=port, limit_concurrency=MAX_REQUESTS)
