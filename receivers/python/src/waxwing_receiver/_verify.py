"""The verification itself, in the order that every Waxwing library keeps.

Body, secrets, headers, signature, time, event. The time comes after the signature, so that
only genuine requests are said to be old.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final, NamedTuple, Optional

from ._body import Body, raw_bytes
from ._error import Reason, VerificationError
from ._event import Event, Parse, parse_event, parse_json
from ._headers import Headers, Scheme, plain_signature, standard_headers
from ._secrets import Secrets, parse_secrets
from ._signature import check_plain, check_standard

DEFAULT_TOLERANCE: Final = 300


class Options(NamedTuple):
    """What can be chosen, checked."""

    scheme: Scheme
    tolerance: float
    parse: Parse


def check_options(scheme: Scheme, tolerance: float, parse: Parse) -> Options:
    """Refuse arguments that are mistakes of the caller."""
    if scheme not in ("standard", "plain"):
        raise ValueError(f'scheme must be "standard" or "plain", not {scheme!r}')
    check_number("tolerance", tolerance)
    if not tolerance >= 0 or math.isinf(tolerance):
        raise ValueError(f"tolerance must be a number of seconds from 0 up, not {tolerance!r}")
    return Options(scheme, tolerance, parse)


def check_number(name: str, value: object) -> None:
    """Refuse what is no number; True is one for Python."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")


def verify(
    body: Body,
    headers: Headers,
    secrets: Secrets,
    *,
    scheme: Scheme = "standard",
    tolerance: float = DEFAULT_TOLERANCE,
    now: Optional[float] = None,
    parse: Parse = parse_json,
) -> Event[Any, Any]:
    """Return the event that a request carries, if one of the secrets signed it.

    Raises VerificationError otherwise. `body` is the raw body: the bytes that came, before any
    parser. `headers` are those of a framework, a dict, or pairs. `tolerance` is how many
    seconds the time that was signed may be away from `now` (Unix seconds). `parse` makes
    values of the JSON: `functools.partial(json.loads, parse_float=Decimal)` keeps digits.
    """
    return verify_with(body, headers, secrets, check_options(scheme, tolerance, parse), now)


def verify_with(
    body: object,
    headers: Headers,
    secrets: Secrets,
    options: Options,
    now: Optional[float] = None,
) -> Event[Any, Any]:
    """Verify with options that were checked before."""
    raw = raw_bytes(body)
    keys = parse_secrets(secrets, options.scheme)
    if options.scheme == "plain":
        check_plain(raw, plain_signature(headers), keys)
    else:
        id_, timestamp, signatures = standard_headers(headers)
        check_standard(f"{id_}.{timestamp}.".encode("ascii") + raw, signatures, keys)
        _check_time(int(timestamp), time.time() if now is None else now, options.tolerance)
    return parse_event(raw, options.parse)


def _check_time(timestamp: int, now: float, tolerance: float) -> None:
    # Whole seconds, as the timestamp has: exactly the tolerance is fine until the next second.
    age = math.floor(now) - timestamp
    if abs(age) <= tolerance:
        return
    reason: Reason = "timestamp_too_old" if age > 0 else "timestamp_too_new"
    how = f"{age} s old" if age > 0 else f"{-age} s in the future"
    clock = "ahead" if age > 0 else "behind"
    detail = (
        f"The signature is genuine, but {how}, and {tolerance} s are tolerated: "
        f"is this machine's clock {clock}?"
    )
    raise VerificationError(reason, detail, "webhook-timestamp")
