"""Every vector, with headers in each shape that frameworks have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from vectors import FILES, Vector, load, reasons

from waxwing_receiver import Event, VerificationError, verify
from waxwing_receiver._error import STATUS

VECTORS = [
    pytest.param(vector, id=f"{file}: {vector.name}") for file in FILES for vector in load(file)
]


def grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def as_bytes(pairs: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in pairs]


SHAPES: dict[str, Callable[[list[tuple[str, str]]], Any]] = {
    "pairs of text": list,
    "pairs of bytes, as ASGI has them": as_bytes,
    "a dict of lists": grouped,
    "an iterator": iter,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("vector", VECTORS)
def test_every_vector_gives_its_event_or_its_error(
    vector: Vector, shape: Callable[[list[tuple[str, str]]], Any]
) -> None:
    def outcome() -> Event[Any, Any]:
        return verify(
            vector.body,
            shape(vector.headers),
            vector.secrets,
            scheme=vector.scheme,
            tolerance=vector.tolerance,
            now=vector.now,
        )

    if vector.event is None:
        with pytest.raises(VerificationError) as caught:
            outcome()
        assert caught.value.reason == vector.error
        assert not any(secret in str(caught.value) for secret in vector.secrets if secret)
    else:
        event = outcome()
        created_at = event.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found = {"id": event.id, "type": event.type, "created_at": created_at}
        assert found == vector.event


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 150


def test_the_reasons_and_their_statuses_are_those_of_every_library() -> None:
    assert reasons() == STATUS


def test_the_time_is_aware() -> None:
    vector = load("standard")[0]
    event = verify(vector.body, vector.headers, vector.secrets, now=vector.now)
    assert event.created_at == datetime(2026, 3, 26, 10, tzinfo=timezone.utc)
