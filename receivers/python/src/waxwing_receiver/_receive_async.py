"""The same for handlers that are async: what is not async itself runs in a thread."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, Union

from ._error import VerificationError
from ._event import Event
from ._headers import Headers
from ._receive import DUPLICATE, Answer, Receiver, not_forgotten, refusal
from ._seen import AsyncSeen, Seen

AsyncReceiver = Receiver[Union[Seen, AsyncSeen]]

InThread = Callable[..., Awaitable[Any]]
"""Calls a function with arguments in a thread, as the framework does."""


async def call(in_thread: InThread, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function, async or not, without blocking the event loop."""
    if inspect.iscoroutinefunction(function):
        return await function(*args)
    result = await in_thread(function, *args)
    return await result if inspect.isawaitable(result) else result


async def accept(
    receiver: AsyncReceiver,
    in_thread: InThread,
    read: Callable[[], Awaitable[bytes]],
    headers: Headers,
    context: tuple[Any, ...],
) -> Union[Event[Any, Any], Answer]:
    """Return an event to handle, or the answer if there is none."""
    try:
        body = await read()
        secrets = await call(in_thread, receiver.secrets, *context)
        event = receiver.verified(body, headers, secrets)
    except VerificationError as error:
        return refusal(error)
    if receiver.seen is not None and await call(in_thread, receiver.seen.seen, event.id):
        return DUPLICATE
    return event


@asynccontextmanager
async def handling(
    receiver: AsyncReceiver,
    event: Event[Any, Any],
    in_thread: InThread,
    shield: Callable[[], AbstractContextManager[Any]],
) -> AsyncIterator[None]:
    """Take the event's id back when handling it fails or is canceled; nothing cancels that."""
    try:
        yield
    except BaseException:
        if receiver.seen is not None:
            with shield(), not_forgotten(event):
                await call(in_thread, receiver.seen.forget, event.id)
        raise
