"""The raw body: the bytes that were signed, and what to say when a parser was faster."""

from __future__ import annotations

from typing import Final, Union

from ._error import VerificationError

Body = Union[bytes, bytearray, memoryview]

DEFAULT_MAX_BODY: Final = 1024 * 1024
"""How much a helper reads of one body, unless it is told otherwise."""

_WHY: Final = (
    "The signature is over the bytes that came; JSON that was parsed and printed again has others."
)
_WAYS_OUT: Final = (
    "Take the raw body: request.get_data() in Flask, await request.body() in FastAPI and "
    "Starlette, request.body in Django."
)


def raw_bytes(body: object) -> bytes:
    """Return the bytes of a body, whatever they are kept in."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    if body is None:
        what = "None (was the stream read already?)"
    elif isinstance(body, str):
        what = "a str (was it decoded?)"
    else:
        what = f"a {type(body).__name__} (did a JSON parser run before?)"
    raise body_not_raw(f"The body is {what}, not bytes.", _WAYS_OUT)


def check_length(length: int, max_body: int) -> None:
    """Refuse a body that is longer than this."""
    if length > max_body:
        raise body_too_large(max_body)


def body_too_large(max_body: int) -> VerificationError:
    """Tell which bound it is."""
    detail = (
        f"The body is larger than {max_body} bytes. "
        "Raise max_body if the platform sends such events."
    )
    return VerificationError("body_too_large", detail)


def body_not_raw(what: str, way_out: str) -> VerificationError:
    """Tell what was there instead of the bytes, and how to get them."""
    return VerificationError("body_not_raw", f"{what} {_WHY} {way_out}")
