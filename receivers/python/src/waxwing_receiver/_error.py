"""The one error of this library, and the closed list of its reasons."""

from __future__ import annotations

from typing import Final, Literal, Optional

Reason = Literal[
    "body_not_raw",
    "invalid_secret",
    "missing_header",
    "repeated_header",
    "malformed_header",
    "unsupported_version",
    "no_matching_signature",
    "timestamp_too_old",
    "timestamp_too_new",
    "not_an_event",
    "body_too_large",
]

STATUS: Final[dict[Reason, int]] = {
    "body_not_raw": 500,
    "invalid_secret": 500,
    "missing_header": 401,
    "repeated_header": 401,
    "malformed_header": 401,
    "unsupported_version": 401,
    "no_matching_signature": 401,
    "timestamp_too_old": 401,
    "timestamp_too_new": 401,
    "not_an_event": 400,
    "body_too_large": 413,
}


class VerificationError(Exception):
    """Why a request was refused. Its text is for people, and has no secret in it."""

    reason: Reason
    detail: str
    header: Optional[str]
    """The header that is to blame, where it is one."""

    def __init__(self, reason: Reason, detail: str, header: Optional[str] = None) -> None:
        # All of them are arguments of Exception: so it can be pickled and copied.
        super().__init__(reason, detail, header)
        self.reason = reason
        self.detail = detail
        self.header = header

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        return STATUS[self.reason]

    def __str__(self) -> str:
        """Reason and detail, as they stand in a log."""
        return f"{self.reason}: {self.detail}"
