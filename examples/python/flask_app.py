"""A receiver with Flask, served by waitress."""

import os
import queue
import sys
import threading
import traceback
from typing import Any

from flask import Flask
from waitress import serve
from waxwing_receiver import Event, MemorySeen
from waxwing_receiver.flask import webhooks

secrets = os.environ.get("WEBHOOK_SECRETS", "").split() or sys.exit("WEBHOOK_SECRETS is missing")
work: "queue.Queue[Event[str, Any]]" = queue.Queue(maxsize=10_000)
app = Flask(__name__)


@app.post("/webhooks")
@webhooks(secrets, seen=MemorySeen())
def receive(event: Event[str, Any]) -> None:
    work.put_nowait(event)  # a full queue is an error: 500, and the event comes again


def work_off() -> None:
    while True:
        event = work.get()
        try:
            print("done", event.id, event.type, flush=True)  # what you do with it
        except Exception:
            traceback.print_exc()


threading.Thread(target=work_off, daemon=True).start()
serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
