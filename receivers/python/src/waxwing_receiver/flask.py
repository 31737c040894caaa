"""The helper for Flask 3.1 and later."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Optional, Union

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from ._body import DEFAULT_MAX_BODY, body_not_raw, body_too_large
from ._event import Event, Parse, parse_json
from ._headers import Scheme
from ._receive import ACCEPTED, Answer, Receiver, accept, handling, refuse_async
from ._secrets import Secrets
from ._seen import Seen
from ._verify import DEFAULT_TOLERANCE

__all__ = ["webhooks"]

Handler = Callable[[Event[Any, Any]], None]
View = Callable[..., Response]


def webhooks(
    secrets: Union[Secrets, Callable[[], Secrets]],
    *,
    seen: Optional[Seen] = None,
    scheme: Scheme = "standard",
    tolerance: float = DEFAULT_TOLERANCE,
    parse: Parse = parse_json,
    max_body: int = DEFAULT_MAX_BODY,
) -> Callable[[Handler], View]:
    """Make a view of a function that handles an event, below `@app.post("/webhooks")`.

    Once the function has ended the sender is answered 204; when it raises, Flask answers 500
    and the event comes again. `flask.request` is at hand. `secrets` may be a function, which is
    asked for each request, so that a rotation needs no restart.
    """
    receiver = Receiver(
        secrets, seen, scheme=scheme, tolerance=tolerance, parse=parse, max_body=max_body
    )
    refuse_async(secrets=secrets, seen=getattr(seen, "seen", None))

    def decorate(handler: Handler) -> View:
        refuse_async(handler=handler)

        @functools.wraps(handler)
        def view(**_: object) -> Response:
            event = accept(receiver, lambda: _read_body(max_body), request.headers, ())
            if isinstance(event, Answer):
                return _response(event)
            with handling(event, seen):
                handler(event)
            return _response(ACCEPTED)

        return view

    return decorate


def _read_body(max_body: int) -> bytes:
    request.max_content_length = max_body
    try:
        body = request.get_data()
    except RequestEntityTooLarge as error:
        raise body_too_large(max_body) from error
    if not body and request.content_length:
        raise body_not_raw(
            "Something in front of this view has read the body and left no bytes.",
            "Read it there with request.get_data(), which keeps it, not with request.stream.",
        )
    return body


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)
