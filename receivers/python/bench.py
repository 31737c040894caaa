"""What a verification costs, beside the bare HMAC of the same bytes: `python bench.py [--quick]`.

Prints µs for each, the median of several rounds, for an event of 1 KiB.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waxwing_receiver import verify

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105
AT = "1774519200"


def envelope() -> bytes:
    """Return an event of 1 KiB."""
    created_at = "2026-03-26T10:00:00.000Z"
    event = {"id": "evt_1", "type": "deposit.completed", "created_at": created_at}
    return json.dumps({**event, "data": {"note": "x" * 900}}, separators=(",", ":")).encode()


def measure(work: Callable[[], Any], count: int) -> float:
    """Return the µs of one call, the median of the rounds."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(count):
            work()
        rounds.append((time.perf_counter() - started) / count * 1e6)
    return statistics.median(rounds)


def main(count: int) -> None:
    """Print a line for each."""
    body = envelope()
    key = base64.b64decode(SECRET[len("whsec_") :])
    message = f"evt_1.{AT}.".encode() + body
    tag = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "evt_1", "webhook-timestamp": AT, "webhook-signature": f"v1,{tag}"}
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    plain = {"x-webhook-signature": digest}
    vectors = Path(__file__).resolve().parent.parent / "vectors/signing-key.json"
    by_key = json.loads(vectors.read_text("utf-8"))["vectors"][0]
    by_key_body = by_key["body"].encode()
    now = int(AT)
    works: dict[str, Callable[[], Any]] = {
        "bare HMAC-SHA256": lambda: hmac.new(key, message, hashlib.sha256).digest(),
        "standard, v1": lambda: verify(body, headers, SECRET, now=now),
        "plain": lambda: verify(body, plain, SECRET, scheme="plain"),
        "standard, v1a": lambda: verify(
            by_key_body, by_key["headers"], by_key["secrets"], now=by_key["now"]
        ),
    }
    bare = 0.0
    for name, work in works.items():
        cost = measure(work, count)
        bare = bare or cost
        print(f"{name:<18} {cost:7.1f} µs  {cost / bare:6.1f} times bare")  # noqa: T201


main(10 if "--quick" in sys.argv[1:] else 2_000)
