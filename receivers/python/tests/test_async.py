"""What the tests of all frameworks leave out: async parts, threads, and bodies read before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from signing import SECRET, envelope, signed
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

import waxwing_receiver.django
import waxwing_receiver.flask
import waxwing_receiver.starlette
from waxwing_receiver import Event, MemorySeen

AnyEvent = Event[Any, Any]
BODY = envelope()


class AsyncMemorySeen:
    def __init__(self) -> None:
        self.memory = MemorySeen()

    async def seen(self, id: str, /) -> bool:
        return self.memory.seen(id)

    async def forget(self, id: str, /) -> None:
        self.memory.forget(id)


class BrokenSeen(MemorySeen):
    def forget(self, id: str, /) -> None:
        raise OSError(f"{id} cannot be forgotten")


def starlette(view: Any, *middleware: Middleware) -> TestClient:
    routes = [Route("/hooks", view, methods=["POST"])]
    app = Starlette(routes=routes, middleware=middleware)
    return TestClient(app, raise_server_exceptions=False)


def statuses(client: TestClient, times: int) -> list[int]:
    answers = [client.post("/hooks", content=BODY, headers=signed(BODY)) for _ in range(times)]
    return [answer.status_code for answer in answers]


def test_secrets_and_seen_may_be_async() -> None:
    async def secrets(_: Request) -> str:
        return SECRET

    failures = [OSError("the disk is full")]

    @waxwing_receiver.starlette.webhooks(secrets, seen=AsyncMemorySeen())
    async def receive(_: Request, __: AnyEvent) -> None:
        if failures:
            raise failures.pop()

    assert statuses(starlette(receive), 3) == [500, 204, 200]


def test_a_handler_that_is_not_async_runs_in_a_thread_without_the_loop() -> None:
    @waxwing_receiver.starlette.webhooks(SECRET)
    def receive(_: Request, __: AnyEvent) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()

    assert statuses(starlette(receive), 1) == [204]


class ReadsTheStream:
    """Takes the body away, as a parser in front can."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            async for _ in request.stream():
                pass
            scope = {**scope, "read": request}
        await self.app(scope, receive, send)


def test_starlette_explains_a_body_that_was_read_before() -> None:
    inner = waxwing_receiver.starlette.webhooks(SECRET)(lambda *_: None)

    async def receive(request: Request) -> Any:
        return await inner(request.scope["read"])

    client = starlette(receive, Middleware(ReadsTheStream))
    answer = client.post("/hooks", content=BODY, headers=signed(BODY))
    assert (answer.status_code, answer.json()["reason"]) == (500, "body_not_raw")


def django_request() -> HttpRequest:
    return RequestFactory().post("/hooks", BODY, "application/json", headers=signed(BODY))


def test_django_explains_a_body_that_was_read_before() -> None:
    @waxwing_receiver.django.webhooks(SECRET)
    def receive(_: HttpRequest, __: AnyEvent) -> None:
        raise AssertionError

    request = django_request()
    request.read()
    answer = receive(request)
    assert answer.status_code == 500
    assert b'"reason": "body_not_raw"' in answer.content


def test_an_id_that_cannot_be_forgotten_is_told_together_with_the_failure() -> None:
    @waxwing_receiver.django.webhooks(SECRET, seen=BrokenSeen())
    def receive(_: HttpRequest, __: AnyEvent) -> None:
        raise ValueError("the failure")

    with pytest.raises(RuntimeError, match="evt_1 could not be forgotten") as caught:
        receive(django_request())
    assert isinstance(caught.value.__cause__, OSError)
    assert isinstance(caught.value.__cause__.__context__, ValueError)


def test_what_would_not_be_awaited_is_refused() -> None:
    async def handle(_: AnyEvent) -> None:
        raise AssertionError

    seen: Any = AsyncMemorySeen()
    handler: Any = handle

    with pytest.raises(TypeError, match="seen must not be async"):
        waxwing_receiver.flask.webhooks(SECRET, seen=seen)
    with pytest.raises(TypeError, match="handler must not be async"):
        waxwing_receiver.flask.webhooks(SECRET)(handler)
    with pytest.raises(TypeError, match="seen must not be async"):
        waxwing_receiver.django.webhooks(SECRET, seen=seen)(lambda *_: None)
