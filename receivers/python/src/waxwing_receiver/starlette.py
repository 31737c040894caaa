"""The helpers for Starlette and FastAPI: an endpoint, and a dependency of FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Optional, Union

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ._body import DEFAULT_MAX_BODY, body_not_raw, check_length
from ._event import Event, Parse, parse_json
from ._headers import Scheme
from ._receive import ACCEPTED, Answer, Receiver
from ._receive_async import AsyncReceiver, accept, call, handling
from ._secrets import Secrets
from ._seen import AsyncSeen, Seen
from ._verify import DEFAULT_TOLERANCE

__all__ = ["Answered", "answer", "webhook_event", "webhooks"]

SecretsOf = Callable[[Request], Union[Secrets, Awaitable[Secrets]]]
Handler = Callable[[Request, Event[Any, Any]], Optional[Awaitable[None]]]
Endpoint = Callable[[Request], Awaitable[Response]]
Dependency = Callable[[Request], AsyncIterator[Event[Any, Any]]]


def webhooks(
    secrets: Union[Secrets, SecretsOf],
    *,
    seen: Union[Seen, AsyncSeen, None] = None,
    scheme: Scheme = "standard",
    tolerance: float = DEFAULT_TOLERANCE,
    parse: Parse = parse_json,
    max_body: int = DEFAULT_MAX_BODY,
) -> Callable[[Handler], Endpoint]:
    """Make an endpoint of `def handle(request, event)`, for a Route with the method POST.

    Once the function has ended the sender is answered 204; when it raises, Starlette answers
    500 and the event comes again. `secrets` may be a function of the request, so that a
    rotation needs no restart. The functions and `seen` may be async or not; what is not runs in
    a thread.
    """
    receiver = Receiver(
        secrets, seen, scheme=scheme, tolerance=tolerance, parse=parse, max_body=max_body
    )

    def decorate(handler: Handler) -> Endpoint:
        # Without functools.wraps: FastAPI would take `event` for a parameter of the query.
        async def endpoint(request: Request) -> Response:
            event = await _accept(receiver, request)
            if isinstance(event, Answer):
                return _response(event)
            async with handling(receiver, event, run_in_threadpool, _shield):
                await call(run_in_threadpool, handler, request, event)
            return _response(ACCEPTED)

        return endpoint

    return decorate


def webhook_event(
    secrets: Union[Secrets, SecretsOf],
    *,
    seen: Union[Seen, AsyncSeen, None] = None,
    scheme: Scheme = "standard",
    tolerance: float = DEFAULT_TOLERANCE,
    parse: Parse = parse_json,
    max_body: int = DEFAULT_MAX_BODY,
) -> Dependency:
    """Make a dependency of FastAPI: `event: Annotated[Event[str, Any], Depends(...)]`.

    It raises `Answered` for what must not reach the endpoint; let the application answer with
    `app.add_exception_handler(Answered, answer)`. The arguments are those of `webhooks`.
    """
    receiver = Receiver(
        secrets, seen, scheme=scheme, tolerance=tolerance, parse=parse, max_body=max_body
    )

    async def dependency(request: Request) -> AsyncIterator[Event[Any, Any]]:
        event = await _accept(receiver, request)
        if isinstance(event, Answer):
            raise Answered(event)
        async with handling(receiver, event, run_in_threadpool, _shield):
            yield event

    return dependency


class Answered(HTTPException):
    """A request that was answered in place of the endpoint: refused, or seen before."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer: Final = answer


async def answer(_: Request, error: Exception) -> Response:
    """Answer with what the library has to say: a handler for the exception `Answered`."""
    if not isinstance(error, Answered):
        raise error
    return _response(error.answer)


async def _accept(receiver: AsyncReceiver, request: Request) -> Union[Event[Any, Any], Answer]:
    async def read() -> bytes:
        return await _read_body(request, receiver.max_body)

    return await accept(receiver, run_in_threadpool, read, request.headers, (request,))


async def _read_body(request: Request, max_body: int) -> bytes:
    chunks: list[bytes] = []
    length = 0
    try:
        async for chunk in request.stream():
            length += len(chunk)
            check_length(length, max_body)
            chunks.append(chunk)
    except RuntimeError as error:  # Starlette's word for a stream that was read before
        raise body_not_raw(
            "Something in front of this endpoint has read the request as a stream.",
            "Read it there with await request.body(), which keeps the bytes.",
        ) from error
    return b"".join(chunks)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {"content-type": answer.content_type})


def _shield() -> anyio.CancelScope:
    return anyio.CancelScope(shield=True)
