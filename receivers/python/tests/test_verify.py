"""What the vectors cannot say: arguments that are mistakes, numbers, and strange bodies."""

from __future__ import annotations

import copy
import functools
import json
import pickle
import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing import SECRET, envelope, signed
from vectors import ROOT, genuine

from waxwing_receiver import VerificationError, verify


def refused(*args: Any, **options: Any) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        verify(*args, **options)
    return caught.value


@pytest.mark.parametrize("body", ["{}", {"id": "evt_1"}, None, 7])
def test_what_is_no_bytes_is_explained(body: Any) -> None:
    error = refused(body, {}, SECRET)
    assert (error.reason, error.status) == ("body_not_raw", 500)
    assert "request.get_data()" in str(error)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_kind_of_bytes_is_taken(kind: Any) -> None:
    body = envelope()
    assert verify(kind(body), signed(body), SECRET).id == "evt_1"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"scheme": "any"}, ValueError),
        ({"tolerance": -1}, ValueError),
        ({"tolerance": float("nan")}, ValueError),
        ({"tolerance": float("inf")}, ValueError),
        ({"tolerance": "300"}, TypeError),
        ({"tolerance": True}, TypeError),
    ],
)
def test_options_that_are_mistakes_are_errors_of_the_caller(
    options: dict[str, Any], error: type[Exception]
) -> None:
    body = envelope()
    with pytest.raises(error):
        verify(body, signed(body), SECRET, **options)


def test_the_default_never_falls_back_to_the_scheme_without_a_time() -> None:
    body = envelope()
    error = refused(body, {"x-webhook-signature": "0" * 64}, SECRET)
    assert error.reason == "missing_header"
    assert "x-webhook-signature" in error.detail.lower()


def test_digits_are_kept_by_a_parser_that_keeps_them() -> None:
    body = envelope().replace(b'"data":null', b'"data":{"amount":250.00,"n":12345678901234567890}')
    parse = functools.partial(json.loads, parse_float=Decimal)
    data = verify(body, signed(body), SECRET, parse=parse).data
    assert (str(data["amount"]), data["n"]) == ("250.00", 12345678901234567890)


def test_a_body_that_is_nested_too_deeply_is_no_event() -> None:
    body = envelope().replace(b"null", b"[" * 200_000 + b"]" * 200_000)
    assert refused(body, signed(body), SECRET).reason == "not_an_event"


@given(st.binary(max_size=300))
def test_no_signed_body_ends_in_another_error(body: bytes) -> None:
    assert refused(body, signed(body), SECRET).reason == "not_an_event"


@given(st.dictionaries(st.sampled_from(list(signed(b""))), st.text(max_size=60)))
def test_no_headers_end_in_another_error(headers: dict[str, str]) -> None:
    assert refused(envelope(), headers, SECRET).status == 401


def test_an_error_can_be_copied_and_pickled() -> None:
    error = refused(envelope(), {}, SECRET)
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301
        assert (other.reason, other.header, str(other)) == (error.reason, error.header, str(error))


def test_a_public_key_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vector = genuine("signing-key")
    for name in [name for name in sys.modules if name.split(".")[0] == "cryptography"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    error = refused(vector.body, vector.headers, vector.secrets, now=vector.now)
    assert error.reason == "invalid_secret"
    assert "waxwing-receiver[ed25519]" in error.detail


def test_the_samples_of_the_platform_are_read() -> None:
    samples = sorted((ROOT / "samples/events").glob("*.json"))
    assert len(samples) > 20
    for sample in samples:
        data = json.loads(sample.read_text("utf-8"))
        body = envelope(type=sample.stem, data=data)
        event = verify(body, signed(body), SECRET)
        assert (event.type, event.data) == (sample.stem, data)
