"""The vectors that every receiver library is held to, as requests."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

ROOT = Path(__file__).resolve().parents[3]
FILES = ("standard", "signing-key", "plain")


@dataclass(frozen=True)
class Vector:
    """A request, who receives it when, and what must come of it."""

    name: str
    scheme: Any
    secrets: list[str]
    now: int
    tolerance: int
    headers: list[tuple[str, str]]
    body: bytes
    event: Optional[dict[str, str]]
    error: Optional[str]


def load(file: str) -> list[Vector]:
    content = json.loads((ROOT / "receivers/vectors" / f"{file}.json").read_text("utf-8"))
    return [_vector(content["scheme"], each) for each in content["vectors"]]


def genuine(file: str = "standard") -> Vector:
    return load(file)[0]


def reasons() -> dict[str, int]:
    content = json.loads((ROOT / "receivers/vectors/reasons.json").read_text("utf-8"))
    return {each["reason"]: each["status"] for each in content["reasons"]}


def _vector(scheme: str, raw: dict[str, Any]) -> Vector:
    body = raw["body"].encode() if "body" in raw else base64.b64decode(raw["body_base64"])
    return Vector(
        name=raw["name"],
        scheme=scheme,
        secrets=raw["secrets"],
        now=raw["now"],
        tolerance=raw.get("tolerance", 300),
        headers=[(name, value) for name, value in raw["headers"]],
        body=body,
        event=raw["expect"].get("event"),
        error=raw["expect"].get("error"),
    )
