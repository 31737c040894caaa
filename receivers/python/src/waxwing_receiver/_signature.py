"""Whether one of the signatures that came was made by one of the keys."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import Final, NamedTuple

from ._base64 import decode_base64
from ._error import VerificationError
from ._secrets import Key

MAX_SIGNATURES: Final = 16
"""How many signatures of one request are looked at. A rotation needs two of each version."""

# How many versions an error names, and how much of each.
_MAX_NAMED: Final = 4
_MAX_NAME: Final = 12

_ED25519_BYTES: Final = 64


class Signature(NamedTuple):
    """One part of webhook-signature."""

    version: str
    text: str


def check_standard(message: bytes, parts: Sequence[str], keys: Sequence[Key]) -> None:
    """Raise unless one of the parts is the signature of this message by one of the keys."""
    signatures = []
    for part in parts[:MAX_SIGNATURES]:
        version, _, text = part.partition(",")
        signatures.append(Signature(version, text))
    versions = sorted({key.version for key in keys})
    if not any(signature.version in versions for signature in signatures):
        raise _unsupported(signatures, versions)
    for key in keys:
        given = [signature.text for signature in signatures if signature.version == key.version]
        if key.version == "v1a":
            matches = any(_is_ed25519(key, message, text) for text in given)
        else:
            matches = _is_hmac(key, message, given)
        if matches:
            return
    raise _no_match()


def check_plain(body: bytes, signature: str, keys: Sequence[Key]) -> None:
    """Raise unless this is the hex signature of this body by one of the keys."""
    for key in keys:
        expected = hmac.digest(key.secret, body, "sha256").hex()
        if hmac.compare_digest(expected, signature):
            return
    raise _no_match()


def _is_hmac(key: Key, message: bytes, given: Sequence[str]) -> bool:
    expected = base64.b64encode(hmac.digest(key.secret, message, "sha256"))
    # Bytes, because compare_digest takes no text beyond ASCII.
    encoded = [text.encode("utf-8", "surrogatepass") for text in given]
    return any(hmac.compare_digest(expected, text) for text in encoded)


def _is_ed25519(key: Key, message: bytes, text: str) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 the key has come from it

    signature = decode_base64(text)
    if signature is None or len(signature) != _ED25519_BYTES:
        return False
    try:
        key.public_key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _no_match() -> VerificationError:
    detail = (
        "No secret made this signature: it is of another webhook or an old one, "
        "or the body was changed on its way."
    )
    return VerificationError("no_matching_signature", detail, None)


def _unsupported(signatures: Sequence[Signature], versions: Sequence[str]) -> VerificationError:
    there = list(dict.fromkeys(ascii(each.version[:_MAX_NAME]) for each in signatures))
    detail = (
        f"The signatures are of version {', '.join(there[:_MAX_NAMED])}, "
        f"but what was given checks {' and '.join(versions)}: "
        "v1 is checked with the secret, v1a with the public key of a signing key."
    )
    return VerificationError("unsupported_version", detail, "webhook-signature")
