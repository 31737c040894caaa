"""The event that a webhook carries: its type for type checkers, and how it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final, Generic, NoReturn, TypeVar

from ._error import VerificationError

Type = TypeVar("Type", bound=str, covariant=True)
Data = TypeVar("Data", covariant=True)
Parse = Callable[[str], Any]


@dataclass(frozen=True)
class Event(Generic[Type, Data]):
    """What happened: the envelope that the platform signed.

    `Event[Literal["deposit.completed"], Deposit]` is one type of event with its data; in a
    Union of such, `event.type == "deposit.completed"` says what `event.data` is.
    """

    id: str
    """The same for each retry and each replay: act once on each."""
    type: Type
    """A dotted name such as `deposit.completed`."""
    created_at: datetime
    """When it was published."""
    data: Data


# RFC 3339, which datetime.fromisoformat reads from Python 3.11 on only.
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def parse_json(text: str) -> Any:
    """Parse JSON as the standard library does, but without NaN and Infinity, which are not."""
    return json.loads(text, parse_constant=_refuse_constant)


def parse_event(body: bytes, parse: Parse) -> Event[Any, Any]:
    """Read the event out of a body whose signature holds."""
    try:
        value = parse(body.decode("utf-8"))
    except Exception as error:  # parsers differ in what they raise: depth, digits, decimals
        raise _not_an_event("it is not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise _not_an_event("its JSON is no object")
    if "data" not in value:
        raise _not_an_event("it has no data")
    id_, type_, created_at = (_text(value, name) for name in ("id", "type", "created_at"))
    try:
        return Event(id_, type_, _time(created_at), value["data"])
    except ValueError as error:
        raise _not_an_event("its created_at is not a time of RFC 3339") from error


def _text(members: dict[Any, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise _not_an_event(f'it has no text "{name}"')
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:  # half of a surrogate pair, which JSON can escape
        raise _not_an_event(f'its "{name}" is no text') from error
    return value


def _time(text: str) -> datetime:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    date, time, fraction, sign, hours, minutes = match.groups(default="")
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-offset if sign == "-" else offset)
    micros = f"{fraction[:6]:0<6}"
    return datetime.fromisoformat(f"{date}T{time}.{micros}").replace(tzinfo=zone)


def _not_an_event(why: str) -> VerificationError:
    detail = f"The signature holds, but the body is not an event: {why}."
    return VerificationError("not_an_event", detail)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
