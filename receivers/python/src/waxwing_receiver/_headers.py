"""The headers that were signed with: found in whatever a framework has, and checked.

A header that came twice is refused: which one counts would be decided differently here and
by whatever stands in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, Optional, Protocol, Union

from ._error import VerificationError

Scheme = Literal["standard", "plain"]
HeaderText = Union[str, bytes]
HeaderValue = Union[HeaderText, Sequence[HeaderText], None]


class HeaderItems(Protocol):
    """A dict, or the headers of a framework: values may be lists, names may come twice."""

    def items(self) -> Iterable[tuple[HeaderText, HeaderValue]]:
        """Return names with their values."""


Headers = Union[HeaderItems, Iterable[tuple[HeaderText, HeaderValue]]]

_NAMES: Final[dict[Scheme, tuple[str, ...]]] = {
    "standard": ("webhook-id", "webhook-timestamp", "webhook-signature"),
    "plain": ("x-webhook-signature",),
}

# Printable ASCII without space and dot: the signed text has dots between its parts.
_ID: Final = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")


class StandardHeaders(NamedTuple):
    """The headers of the scheme "standard", each of them once and in form."""

    id: str
    timestamp: str
    signatures: list[str]
    """The parts of webhook-signature, at least one."""


def standard_headers(headers: Headers) -> StandardHeaders:
    """Find and check the headers of Standard Webhooks."""
    id_, timestamp, signature = _single_values(headers, "standard")
    if not _ID.fullmatch(id_):
        form = "1 to 256 printable ASCII characters without space and dot"
        raise _malformed("webhook-id", form)
    if not _TIMESTAMP.fullmatch(timestamp):
        raise _malformed("webhook-timestamp", "a time in Unix seconds")
    signatures = [part for part in signature.split(" ") if part]
    if not signatures:
        raise _malformed("webhook-signature", "one signature or more")
    return StandardHeaders(id_, timestamp, signatures)


def plain_signature(headers: Headers) -> str:
    """Find and check X-Webhook-Signature."""
    (signature,) = _single_values(headers, "plain")
    if not _HEX.fullmatch(signature):
        raise _malformed("x-webhook-signature", "64 lowercase hex digits")
    return signature


def _single_values(headers: Headers, scheme: Scheme) -> list[str]:
    """Return the values of the scheme's headers, of which each is there once."""
    values = _values(headers)
    for name in _NAMES[scheme]:
        if not values[name]:
            raise _missing(name, values, scheme)
    return [_once(name, values[name]) for name in _NAMES[scheme]]


def _values(headers: Headers) -> dict[str, list[str]]:
    """Return all values of the headers of both schemes."""
    found: dict[str, list[str]] = {name: [] for names in _NAMES.values() for name in names}
    pairs = headers if isinstance(headers, Iterable) else ()
    items = getattr(headers, "items", None)
    for name, value in items() if callable(items) else pairs:
        values = found.get(_text(name).lower())
        if values is None or value is None:
            continue
        if isinstance(value, (str, bytes)):
            values.append(_text(value))
        else:
            values.extend(_text(each) for each in value)
    return found


def _text(value: HeaderText) -> str:
    """Return a name or value as text: ASGI has bytes, and every byte is a letter in Latin-1."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _once(name: str, values: list[str]) -> str:
    if len(values) > 1 or _is_joined(name, values[0]):
        detail = f"The header {name} came more than once, or was joined with commas on its way."
        raise VerificationError("repeated_header", detail, name)
    return values[0]


def _is_joined(name: str, value: str) -> bool:
    """Whether a server in front made one value of several. A signature has one comma itself."""
    if name != "webhook-signature":
        return "," in value
    return any(part.count(",") > 1 for part in value.split(" "))


def _missing(name: str, values: dict[str, list[str]], scheme: Scheme) -> VerificationError:
    other: Scheme = "plain" if scheme == "standard" else "standard"
    present: Optional[str] = next((each for each in _NAMES[other] if values[each]), None)
    if present is None:
        hint = "Either a proxy takes it away, or the request is not from the platform."
    else:
        hint = (
            f'{present} is there, which the scheme "{other}" checks; '
            f'this receiver was set to "{scheme}".'
        )
    return VerificationError("missing_header", f"The header {name} is missing. {hint}", name)


def _malformed(name: str, form: str) -> VerificationError:
    return VerificationError("malformed_header", f"The header {name} is not {form}.", name)
