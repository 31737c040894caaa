"""What the helpers for frameworks share: verify, ask whether it was seen, answer."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, NamedTuple, Optional, TypeVar, Union

from ._body import check_length
from ._error import VerificationError
from ._event import Event, Parse
from ._headers import Headers, Scheme
from ._secrets import Secrets, parse_secrets
from ._seen import AsyncSeen, Seen
from ._verify import check_options, verify_with

_LOG: Final = logging.getLogger("waxwing_receiver")

_SERVER_ERROR: Final = 500
"""From here on the receiver is to blame, and somebody there should know."""

AnySeen = TypeVar("AnySeen", bound=Union[Seen, AsyncSeen])


class Answer(NamedTuple):
    """What to answer with."""

    status: int
    content_type: str
    body: str


ACCEPTED: Final = Answer(204, "text/plain; charset=utf-8", "")
DUPLICATE: Final = Answer(200, "text/plain; charset=utf-8", "duplicate")


class Receiver(Generic[AnySeen]):
    """The settings of a helper, checked once: one that cannot verify does not start."""

    def __init__(
        self,
        secrets: Union[Secrets, Callable[..., Any]],
        seen: Optional[AnySeen],
        *,
        scheme: Scheme,
        tolerance: float,
        parse: Parse,
        max_body: int,
    ) -> None:
        if max_body < 1:
            raise ValueError(f"max_body must be a number of bytes from 1 up, not {max_body}")
        self.options = check_options(scheme, tolerance, parse)
        self.max_body = max_body
        self.seen = seen
        self.secrets = secrets if callable(secrets) else _fixed(secrets, scheme)

    def verified(self, body: bytes, headers: Headers, secrets: Secrets) -> Event[Any, Any]:
        """Return the event that a request carries."""
        check_length(len(body), self.max_body)
        return verify_with(body, headers, secrets, self.options)


def accept(
    receiver: Receiver[Seen], read: Callable[[], bytes], headers: Headers, context: tuple[Any, ...]
) -> Union[Event[Any, Any], Answer]:
    """Return an event to handle, or the answer if there is none."""
    try:
        body = read()
        event = receiver.verified(body, headers, receiver.secrets(*context))
    except VerificationError as error:
        return refusal(error)
    if receiver.seen is not None and receiver.seen.seen(event.id):
        return DUPLICATE
    return event


@contextmanager
def handling(event: Event[Any, Any], seen: Optional[Seen]) -> Iterator[None]:
    """Take the event's id back when handling it fails, whatever the reason."""
    try:
        yield
    except BaseException:
        if seen is not None:
            with not_forgotten(event):
                seen.forget(event.id)
        raise


@contextmanager
def not_forgotten(event: Event[Any, Any]) -> Iterator[None]:
    """Say what it means when an id cannot be taken back."""
    try:
        yield
    except Exception as error:
        raise RuntimeError(
            f"The handler failed, and {event.id} could not be forgotten: "
            "its retry will be taken for a duplicate."
        ) from error


def refusal(error: VerificationError) -> Answer:
    """Tell the sender, who keeps it in the event log, and whoever reads the log here."""
    level = logging.ERROR if error.status >= _SERVER_ERROR else logging.INFO
    _LOG.log(level, "refused a webhook: %s", error)
    body = json.dumps({"reason": error.reason, "detail": error.detail})
    return Answer(error.status, "application/json", body)


def refuse_async(**functions: object) -> None:
    """Refuse what would not be awaited; its coroutine would count as true."""
    for name, function in functions.items():
        if inspect.iscoroutinefunction(function):
            raise TypeError(f"{name} must not be async here: nothing would await it")


def _fixed(secrets: Secrets, scheme: Scheme) -> Callable[..., Secrets]:
    """Check secrets that do not change, and return a function that gives them."""
    kept = secrets if isinstance(secrets, str) or secrets is None else tuple(secrets)
    parse_secrets(kept, scheme)
    return lambda *_: kept
