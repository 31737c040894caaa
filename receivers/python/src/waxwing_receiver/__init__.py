"""Verifies the webhooks that Waxwing sends.

For frameworks there are helpers: waxwing_receiver.flask, .starlette (FastAPI too), .django.
"""

from ._body import Body
from ._error import Reason, VerificationError
from ._event import Event, Parse
from ._headers import Headers, Scheme
from ._secrets import Secrets
from ._seen import AsyncSeen, MemorySeen, Seen
from ._verify import verify

__all__ = [
    "AsyncSeen",
    "Body",
    "Event",
    "Headers",
    "MemorySeen",
    "Parse",
    "Reason",
    "Scheme",
    "Secrets",
    "Seen",
    "VerificationError",
    "verify",
]
