"""What receivers have today: HMAC-SHA256 of the raw body in X-Webhook-Signature, with Flask."""

import hashlib
import hmac
import json
import os
import sys

from flask import Flask, request
from waitress import serve

secrets = os.environ.get("WEBHOOK_SECRETS", "").split() or sys.exit("WEBHOOK_SECRETS is missing")
app = Flask(__name__)


def is_genuine(body: bytes, signature: str, secret: str) -> bool:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


@app.post("/webhooks")
def receive() -> tuple[str, int]:
    body, signature = request.get_data(), request.headers.get("X-Webhook-Signature", "")
    if not any(is_genuine(body, signature, secret) for secret in secrets):
        return "Invalid signature", 401
    event = json.loads(body)
    print("done", event["id"], event["type"], flush=True)
    return "", 204


serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
