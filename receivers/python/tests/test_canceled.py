"""A request that is canceled, as Django does when the sender has gone, loses no event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import pytest
from signing import SECRET, envelope, signed

from waxwing_receiver import Event, MemorySeen
from waxwing_receiver._event import parse_json
from waxwing_receiver._receive import DUPLICATE, Answer, Receiver
from waxwing_receiver._receive_async import AsyncReceiver, accept, handling

BODY = envelope()
Request = Callable[[], Coroutine[Any, Any, Any]]
Cancel = Callable[[Request, asyncio.Event], Awaitable[None]]


class SlowSeen:
    """Remembers at once, and answers when it is told to."""

    def __init__(self) -> None:
        self.memory = MemorySeen()
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.forgotten = asyncio.Event()

    async def seen(self, id: str, /) -> bool:
        was_there = self.memory.seen(id)
        self.asked.set()
        await self.answers.wait()
        return was_there

    async def forget(self, id: str, /) -> None:
        self.memory.forget(id)
        self.forgotten.set()


async def by_task(request: Request, when: asyncio.Event) -> None:
    task = asyncio.ensure_future(request())
    await when.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_scope(request: Request, when: asyncio.Event) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(request)
        await when.wait()
        group.cancel_scope.cancel()


@pytest.fixture(params=[by_task, by_scope], ids=["task", "scope"])
def cancel(request: pytest.FixtureRequest) -> Cancel:
    found: Cancel = request.param
    return found


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)


def receiver_with(seen: SlowSeen) -> AsyncReceiver:
    return Receiver(
        SECRET, seen, scheme="standard", tolerance=300, parse=parse_json, max_body=10_000
    )


async def request(receiver: AsyncReceiver) -> Event[Any, Any] | Answer:
    async def read() -> bytes:
        return BODY

    return await accept(receiver, in_thread, read, signed(BODY), ())


def within(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work, timeout=10)

    asyncio.run(bounded())


def test_an_id_that_was_remembered_while_the_request_was_canceled_is_forgotten(
    cancel: Cancel,
) -> None:
    async def work() -> None:
        seen = SlowSeen()
        receiver = receiver_with(seen)
        await cancel(lambda: request(receiver), seen.asked)
        seen.answers.set()
        await seen.forgotten.wait()
        retry = await request(receiver)
        assert isinstance(retry, Event)

    within(work())


def test_a_duplicate_that_was_canceled_stays_one(cancel: Cancel) -> None:
    async def work() -> None:
        seen = SlowSeen()
        seen.memory.seen("evt_1")
        receiver = receiver_with(seen)
        await cancel(lambda: request(receiver), seen.asked)
        seen.answers.set()
        assert await request(receiver) == DUPLICATE
        assert not seen.forgotten.is_set()

    within(work())


def test_an_event_whose_handling_was_canceled_comes_again(cancel: Cancel) -> None:
    async def work() -> None:
        seen = SlowSeen()
        seen.answers.set()
        receiver = receiver_with(seen)
        begun = asyncio.Event()

        async def handled() -> None:
            event = await request(receiver)
            assert isinstance(event, Event)
            shield = lambda: anyio.CancelScope(shield=True)  # noqa: E731
            async with handling(receiver, event, in_thread, shield):
                begun.set()
                await asyncio.Event().wait()

        await cancel(handled, begun)
        assert isinstance(await request(receiver), Event)

    within(work())
