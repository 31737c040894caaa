"""What signatures are checked with: shared secrets and public keys, told apart and checked.

This comes before anything else, so that an unset variable does not look like a forged request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple, Optional, Union

from ._base64 import decode_base64, decode_lenient_base64
from ._error import VerificationError
from ._headers import Scheme

Secrets = Union[str, Iterable[str]]
"""One secret (`whsec_…`, or a text of the account's own) or public key (`whpk_…`), or several."""

SHORTEST_SECRET: Final = 16
LONGEST_SECRET: Final = 256
_PUBLIC_KEY_BYTES: Final = 32
_PRINTABLE: Final = re.compile(r"[ -~]*")


class Key(NamedTuple):
    """What checks signatures of one version; "plain" is that of X-Webhook-Signature."""

    version: Literal["plain", "v1", "v1a"]
    secret: bytes
    public_key: Any = None
    """For `v1a` the Ed25519PublicKey of cryptography, which need not be installed."""


def parse_secrets(secrets: Secrets, scheme: Scheme) -> list[Key]:
    """Return the keys. The errors say which secret is wrong, never what it is."""
    return [_parse(_check_text(secret, name), scheme, name) for name, secret in _named(secrets)]


def _named(secrets: object) -> list[tuple[str, object]]:
    if secrets is None:
        raise VerificationError("invalid_secret", "The secret is None: is it set?")
    if isinstance(secrets, (str, bytes)) or not isinstance(secrets, Iterable):
        return [("The secret", secrets)]
    given: list[object] = list(secrets)
    if not given:
        raise VerificationError("invalid_secret", "No secret was given.")
    if len(given) == 1:
        return [("The secret", given[0])]
    return [(f"Secret {place} of {len(given)}", each) for place, each in enumerate(given, 1)]


def _parse(secret: str, scheme: Scheme, name: str) -> Key:
    if secret.startswith("whpk_"):
        return _public_key(secret, scheme, name)
    own = secret.encode("ascii")
    if scheme == "plain":
        return Key("plain", own)
    decoded: Optional[bytes] = None
    if secret.startswith("whsec_"):
        decoded = decode_lenient_base64(secret[len("whsec_") :])
    return Key("v1", own if decoded is None else decoded)


def _public_key(secret: str, scheme: Scheme, name: str) -> Key:
    if scheme == "plain":
        what = "is a public key, which X-Webhook-Signature is not made for: use the secret"
        raise _invalid(name, what)
    raw = decode_base64(secret[len("whpk_") :])
    if raw is None or len(raw) != _PUBLIC_KEY_BYTES:
        what = f"begins with whpk_, but is not the base64 of {_PUBLIC_KEY_BYTES} bytes behind it"
        raise _invalid(name, what)
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 an extra
            Ed25519PublicKey,
        )
    except ImportError as error:
        what = "is a public key, which needs: pip install 'waxwing-receiver[ed25519]'"
        raise _invalid(name, what) from error
    try:
        return Key("v1a", raw, Ed25519PublicKey.from_public_bytes(raw))
    except ValueError as error:
        raise _invalid(name, "begins with whpk_, but is no public key of Ed25519") from error


def _check_text(secret: object, name: str) -> str:
    if not isinstance(secret, str):
        kind = "None" if secret is None else type(secret).__name__
        raise _invalid(name, f"is {kind}, not text: is it set?")
    if not secret:
        raise _invalid(name, "is empty: is it set?")
    if secret[-1] in "\r\n":
        raise _invalid(name, "has a newline at its end: take it away where the secret is read")
    if not _PRINTABLE.fullmatch(secret):
        raise _invalid(name, "has characters that are not printable ASCII")
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        bounds = f"{SHORTEST_SECRET} to {LONGEST_SECRET}"
        raise _invalid(name, f"has {len(secret)} characters instead of {bounds}: is it all there?")
    return secret


def _invalid(name: str, what: str) -> VerificationError:
    return VerificationError("invalid_secret", f"{name} {what}.")
