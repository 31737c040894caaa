"""What receivers have today: the official package of Standard Webhooks, with Flask."""

import os
import sys

from flask import Flask, request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from waitress import serve

secrets = os.environ.get("WEBHOOK_SECRETS", "").split() or sys.exit("WEBHOOK_SECRETS is missing")
app = Flask(__name__)


@app.post("/webhooks")
def receive() -> tuple[str, int]:
    try:
        event = Webhook(secrets[0]).verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError as error:
        return str(error), 401
    print("done", event["id"], event["type"], flush=True)
    return "", 204


serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
