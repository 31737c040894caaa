"""A receiver in the standard library alone, right but for the mistake that it is told to make.

The contract run must pass it without one, and fail it with each: mistakes.rs.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MISTAKE = sys.argv[1]
SECRETS = os.environ["WEBHOOK_SECRETS"].split()
SEEN = set()


def signature(secret, event_id, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def refusal(headers, body):
    """Why a request is refused, if it is."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    event_id, timestamp, given = (headers.get(name) for name in names)
    if None in (event_id, timestamp, given):
        return "missing_header"
    secrets = SECRETS[:1] if MISTAKE == "knows-one-secret" else SECRETS
    expected = {signature(secret, event_id, timestamp, body) for secret in secrets}
    if not expected & set(given.split()) and MISTAKE != "takes-forgeries":
        return "no_matching_signature"
    if time.time() - int(timestamp) > 300 and MISTAKE != "takes-old-requests":
        return "timestamp_too_old"
    return None


class Receiver(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, text, content_type="text/plain"):
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        reason = refusal(self.headers, body)
        if reason:
            text = json.dumps({"reason": reason, "detail": "see the reason"})
            return self.answer(401, text, "application/json")
        event = json.loads(body)
        duplicate = event["id"] in SEEN
        SEEN.add(event["id"])
        if not duplicate or MISTAKE == "acts-on-duplicates":
            print("done", event["id"], event["type"], flush=True)
        return self.answer(200, "duplicate" if duplicate else "")


if MISTAKE == "does-not-start":
    sys.exit("no module named frobnicate")
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
