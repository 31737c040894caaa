"""The same for handlers that are async: what is not async itself runs in a thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, Final, Union

from ._error import VerificationError
from ._event import Event
from ._headers import Headers
from ._receive import DUPLICATE, Answer, Receiver, not_forgotten, refusal
from ._seen import AsyncSeen, Seen

AsyncReceiver = Receiver[Union[Seen, AsyncSeen]]

InThread = Callable[..., Awaitable[Any]]
"""Calls a function with arguments in a thread, as the framework does."""

_TAKING_BACK: Final[set[asyncio.Task[None]]] = set()
"""Tasks that outlive their canceled requests, one each; the loop itself would not keep them."""


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
    if receiver.seen is not None and await _was_seen(receiver.seen, event, in_thread):
        return DUPLICATE
    return event


async def _was_seen(
    seen: Union[Seen, AsyncSeen], event: Event[Any, Any], in_thread: InThread
) -> bool:
    """Ask in a task of its own, so that the answer comes even if the request is canceled."""
    asked: asyncio.Task[bool] = asyncio.ensure_future(call(in_thread, seen.seen, event.id))
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        task = asyncio.ensure_future(_take_back(asked, seen, event, in_thread))
        _TAKING_BACK.add(task)
        task.add_done_callback(_TAKING_BACK.discard)
        raise


async def _take_back(
    asked: asyncio.Task[bool],
    seen: Union[Seen, AsyncSeen],
    event: Event[Any, Any],
    in_thread: InThread,
) -> None:
    """Forget an id that was remembered after all, though nobody will handle its event."""
    if not await asked:
        with not_forgotten(event):
            await call(in_thread, seen.forget, event.id)


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
