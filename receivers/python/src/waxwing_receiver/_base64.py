"""Base64 as signatures and secrets have it.

The standard library's decoder alone is too lenient: it takes unused bits that are set.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final, Optional

_DIGITS: Final = re.compile(r"[A-Za-z0-9+/]+")


def decode_base64(text: str) -> Optional[bytes]:
    """Return the bytes of padded, canonical base64 with nothing around it."""
    try:
        given = text.encode("ascii")
        decoded = base64.b64decode(given, validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return decoded if base64.b64encode(decoded) == given else None


def decode_lenient_base64(text: str) -> Optional[bytes]:
    """Return the bytes of base64 whose padding may lack and whose unused bits do not matter."""
    digits = text.rstrip("=")
    padding = -len(digits) % 4
    impossible = 3
    if not _DIGITS.fullmatch(digits) or padding == impossible or len(text) - len(digits) > padding:
        return None
    return base64.b64decode(digits + "=" * padding)
