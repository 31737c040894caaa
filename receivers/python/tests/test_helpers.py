"""The helpers of all frameworks do the same: seen through each framework's own test client."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import path
from fastapi import Depends, FastAPI
from flask import Flask
from signing import SECRET, envelope, signed
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient
from urls import urlpatterns

import waxwing_receiver.django
import waxwing_receiver.flask
import waxwing_receiver.starlette
from waxwing_receiver import Event, MemorySeen, VerificationError

AnyEvent = Event[Any, Any]
Handler = Callable[[AnyEvent], None]


class Answer(NamedTuple):
    status: int
    text: str
    type: str


Post = Callable[[bytes, dict[str, str]], Answer]


def flask(handler: Handler, secrets: Any, options: dict[str, Any]) -> Post:
    app = Flask(__name__)
    app.post("/hooks")(waxwing_receiver.flask.webhooks(secrets, **options)(handler))

    def post(body: bytes, headers: dict[str, str]) -> Answer:
        answer = app.test_client().post("/hooks", data=body, headers=headers)
        return Answer(answer.status_code, answer.get_data(as_text=True), answer.mimetype or "")

    return post


def asgi(app: Any) -> Post:
    def post(body: bytes, headers: dict[str, str]) -> Answer:
        client = TestClient(app, raise_server_exceptions=False)
        answer = client.post("/hooks", content=body, headers=headers)
        kind = answer.headers.get("content-type", "").split(";")[0]
        return Answer(answer.status_code, answer.text, kind)

    return post


def _of_request(secrets: Any) -> Any:
    return (lambda _: secrets()) if callable(secrets) else secrets


def starlette(handler: Handler, secrets: Any, options: dict[str, Any]) -> Post:
    @waxwing_receiver.starlette.webhooks(_of_request(secrets), **options)
    async def receive(_: Request, event: AnyEvent) -> None:
        handler(event)

    return asgi(Starlette(routes=[Route("/hooks", receive, methods=["POST"])]))


def fastapi(handler: Handler, secrets: Any, options: dict[str, Any]) -> Post:
    app = FastAPI()
    app.add_exception_handler(
        waxwing_receiver.starlette.Answered, waxwing_receiver.starlette.answer
    )
    event_of = waxwing_receiver.starlette.webhook_event(_of_request(secrets), **options)

    @app.post("/hooks", status_code=204)
    async def receive(event: Any = Depends(event_of)) -> None:  # noqa: B008, FAST002
        handler(event)

    return asgi(app)


def _django(view: Any) -> Post:
    urlpatterns[:] = [path("hooks", view)]
    importlib.import_module("django.urls").clear_url_caches()

    def post(body: bytes, headers: dict[str, str]) -> Answer:
        client = Client(raise_request_exception=False)
        answer = client.post("/hooks", body, content_type="application/json", headers=headers)
        kind = answer.headers.get("content-type", "").split(";")[0]
        return Answer(answer.status_code, answer.content.decode(), kind)

    return post


def django_view(handler: Handler, secrets: Any, options: dict[str, Any]) -> Post:
    @waxwing_receiver.django.webhooks(_of_request(secrets), **options)
    def receive(_: HttpRequest, event: AnyEvent) -> None:
        handler(event)

    return _django(receive)


def django_async_view(handler: Handler, secrets: Any, options: dict[str, Any]) -> Post:
    @waxwing_receiver.django.webhooks(_of_request(secrets), **options)
    async def receive(_: HttpRequest, event: AnyEvent) -> None:
        handler(event)

    return _django(receive)


Make = Callable[..., Post]
FRAMEWORKS = [flask, starlette, fastapi, django_view, django_async_view]


@pytest.fixture(params=FRAMEWORKS, ids=lambda framework: framework.__name__)
def make(request: pytest.FixtureRequest) -> Make:
    def make(handler: Handler = lambda _: None, secrets: Any = SECRET, **options: Any) -> Post:
        post: Post = request.param(handler, secrets, options)
        return post

    return make


def test_an_event_is_handled_once_and_its_duplicate_is_called_so(make: Make) -> None:
    handled: list[AnyEvent] = []
    post = make(handled.append, seen=MemorySeen())
    body = envelope(data={"amount": 1})
    first, second = post(body, signed(body)), post(body, signed(body))
    assert (first.status, first.text) == (204, "")
    assert (second.status, second.text) == (200, "duplicate")
    assert [(event.id, event.data) for event in handled] == [("evt_1", {"amount": 1})]


def test_an_event_whose_handling_failed_comes_again(make: Make) -> None:
    tried: list[str] = []

    def handler(event: AnyEvent) -> None:
        tried.append(event.id)
        if len(tried) == 1:
            raise OSError("the disk is full")

    post = make(handler, seen=MemorySeen())
    body = envelope()
    assert post(body, signed(body)).status == 500
    assert post(body, signed(body)).status == 204
    assert len(tried) == 2


def test_a_forged_request_is_told_why_and_reaches_nobody(make: Make) -> None:
    handled: list[AnyEvent] = []
    body = envelope()
    answer = make(handled.append)(body + b" ", signed(body))
    assert (answer.status, answer.type) == (401, "application/json")
    assert '"reason": "no_matching_signature"' in answer.text
    assert not handled


def test_a_body_beyond_the_bound_is_refused(make: Make) -> None:
    body = envelope(data="x" * 2000)
    answer = make(max_body=1000)(body, signed(body))
    assert answer.status == 413
    assert '"reason": "body_too_large"' in answer.text


def test_secrets_may_be_a_function_so_that_a_rotation_needs_no_restart(make: Make) -> None:
    secrets = ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
    post = make(secrets=lambda: secrets)
    body = envelope()
    assert post(body, signed(body)).status == 401
    secrets.append(SECRET)
    assert post(body, signed(body)).status == 204


def test_what_cannot_verify_does_not_start(make: Make) -> None:
    unusable: list[Any] = [[], "", "whsec_short"]
    for secrets in unusable:
        with pytest.raises(VerificationError, match="invalid_secret"):
            make(secrets=secrets)


def test_flask_explains_a_body_that_was_read_before() -> None:
    app = Flask(__name__)
    app.before_request(lambda: app.logger.debug("%d bytes", len(_request().stream.read())))
    app.post("/hooks")(waxwing_receiver.flask.webhooks(SECRET)(lambda _: None))
    body = envelope()
    answer = app.test_client().post("/hooks", data=body, headers=signed(body))
    assert (answer.status_code, answer.json["reason"]) == (500, "body_not_raw")  # type: ignore[index]


def _request() -> Any:
    return importlib.import_module("flask").request
