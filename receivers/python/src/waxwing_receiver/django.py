"""The helper for Django 4.2 and later: a view of a function that handles an event."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, Union, cast, overload

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, RawPostDataException

from . import _receive, _receive_async
from ._body import DEFAULT_MAX_BODY, body_not_raw, body_too_large, check_length
from ._event import Event, Parse, parse_json
from ._headers import Scheme
from ._receive import ACCEPTED, Answer, Receiver, refuse_async
from ._secrets import Secrets
from ._seen import AsyncSeen, Seen
from ._verify import DEFAULT_TOLERANCE

__all__ = ["webhooks"]

SecretsOf = Callable[[HttpRequest], Union[Secrets, Awaitable[Secrets]]]
Handler = Callable[[HttpRequest, Event[Any, Any]], None]
AsyncHandler = Callable[[HttpRequest, Event[Any, Any]], Awaitable[None]]
View = Callable[..., HttpResponse]
AsyncView = Callable[..., Coroutine[Any, Any, HttpResponse]]


class Decorator(Protocol):
    """Makes a view of a function: an async one of an async one."""

    @overload
    def __call__(self, handler: AsyncHandler, /) -> AsyncView: ...

    @overload
    def __call__(self, handler: Handler, /) -> View: ...


def webhooks(
    secrets: Union[Secrets, SecretsOf],
    *,
    seen: Union[Seen, AsyncSeen, None] = None,
    scheme: Scheme = "standard",
    tolerance: float = DEFAULT_TOLERANCE,
    parse: Parse = parse_json,
    max_body: int = DEFAULT_MAX_BODY,
) -> Decorator:
    """Make a view of `def handle(request, event)`, async or not, to be put into urlpatterns.

    Once the function has ended the sender is answered 204; when it raises, Django answers 500
    and the event comes again. The view takes POST alone and needs no CSRF token. `secrets` may
    be a function of the request, so that a rotation needs no restart. Beside an async
    function, `secrets` and `seen` may be async too; what is not runs in Django's thread.
    """
    receiver = Receiver(
        secrets, seen, scheme=scheme, tolerance=tolerance, parse=parse, max_body=max_body
    )

    def decorate(handler: Callable[..., Any], /) -> Any:
        view: Union[View, AsyncView]
        if inspect.iscoroutinefunction(handler):
            view = _async_view(receiver, handler)
        else:
            refuse_async(secrets=secrets, seen=getattr(seen, "seen", None))
            view = _view(cast("Receiver[Seen]", receiver), handler)
        # What csrf_exempt does; it keeps a view async from Django 5.0 on only.
        vars(view)["csrf_exempt"] = True
        return view

    return decorate


def _view(receiver: Receiver[Seen], handler: Handler) -> View:
    @functools.wraps(handler)
    def view(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        read = functools.partial(_read_body, request, receiver.max_body)
        event = _receive.accept(receiver, read, request.headers, (request,))
        if isinstance(event, Answer):
            return _response(event)
        with _receive.handling(event, receiver.seen):
            handler(request, event)
        return _response(ACCEPTED)

    return view


def _async_view(receiver: _receive_async.AsyncReceiver, handler: AsyncHandler) -> AsyncView:
    @functools.wraps(handler)
    async def view(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])

        async def read() -> bytes:
            return _read_body(request, receiver.max_body)

        event = await _receive_async.accept(receiver, _in_thread, read, request.headers, (request,))
        if isinstance(event, Answer):
            return _response(event)
        # Django cancels a view once, when the sender has gone.
        async with _receive_async.handling(receiver, event, _in_thread, contextlib.nullcontext):
            await handler(request, event)
        return _response(ACCEPTED)

    return view


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    return await sync_to_async(function)(*args)


def _read_body(request: HttpRequest, max_body: int) -> bytes:
    check_length(int(request.META.get("CONTENT_LENGTH") or 0), max_body)
    try:
        return request.body
    except RequestDataTooBig as error:  # Django's own bound, DATA_UPLOAD_MAX_MEMORY_SIZE
        raise body_too_large(max_body) from error
    except RawPostDataException as error:
        raise body_not_raw(
            "Something in front of this view has read the request as a stream.",
            "Read request.body there, which keeps the bytes.",
        ) from error


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, answer.content_type, answer.status)
