"""A receiver with Django: a project in one file, served by waitress."""

import os
import queue
import sys
import threading
import traceback
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.urls import path
from waitress import serve
from waxwing_receiver import Event, MemorySeen
from waxwing_receiver.django import webhooks

secrets = os.environ.get("WEBHOOK_SECRETS", "").split() or sys.exit("WEBHOOK_SECRETS is missing")
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="for sessions, unused")
work: "queue.Queue[Event[str, Any]]" = queue.Queue(maxsize=10_000)


@webhooks(secrets, seen=MemorySeen())
def receive(_: HttpRequest, event: Event[str, Any]) -> None:
    work.put_nowait(event)  # a full queue is an error: 500, and the event comes again


def work_off() -> None:
    while True:
        event = work.get()
        try:
            print("done", event.id, event.type, flush=True)  # what you do with it
        except Exception:
            traceback.print_exc()


urlpatterns = [path("webhooks", receive)]
threading.Thread(target=work_off, daemon=True).start()
serve(get_wsgi_application(), host="127.0.0.1", port=int(os.environ["PORT"]))
