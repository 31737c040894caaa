"""A receiver with Django: a project in one file, served by waitress."""

import os
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
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
workers = ThreadPoolExecutor(max_workers=2)


@webhooks(secrets, seen=MemorySeen())
def receive(_: HttpRequest, event: Event[str, Any]) -> None:
    workers.submit(work, event)


def work(event: Event[str, Any]) -> None:
    try:
        print("done", event.id, event.type, flush=True)  # what you do with it
    except Exception:
        traceback.print_exc()


urlpatterns = [path("webhooks", receive)]

if __name__ == "__main__":
    serve(get_wsgi_application(), host="127.0.0.1", port=int(os.environ["PORT"]))
