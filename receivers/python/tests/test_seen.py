"""Ids in memory: bounded, expiring, safe for threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from waxwing_receiver import MemorySeen


def test_an_id_is_new_once() -> None:
    seen = MemorySeen()
    assert [seen.seen("a"), seen.seen("a"), seen.seen("b")] == [False, True, False]


def test_an_id_that_is_forgotten_is_new_again() -> None:
    seen = MemorySeen()
    seen.seen("a")
    seen.forget("a")
    seen.forget("never there")
    assert not seen.seen("a")


def test_the_oldest_ids_go_first_when_there_are_too_many() -> None:
    seen = MemorySeen(capacity=2)
    for each in ("a", "b", "c"):
        seen.seen(each)
    assert len(seen) == 2
    assert [seen.seen("c"), seen.seen("b"), seen.seen("a")] == [True, True, False]


def test_ids_expire() -> None:
    now = 0.0
    seen = MemorySeen(ttl=10, now=lambda: now)
    seen.seen("a")
    now = 9.9
    assert seen.seen("a")
    now = 10.0
    assert not seen.seen("a")
    assert len(seen) == 1


def test_of_many_threads_one_finds_an_id_new() -> None:
    seen = MemorySeen()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: seen.seen(str(n % 50)), range(2000)))
    assert found.count(False) == 50


@pytest.mark.parametrize("arguments", [{"capacity": 0}, {"ttl": 0}, {"ttl": float("nan")}])
def test_bounds_that_bound_nothing_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        MemorySeen(**arguments)  # type: ignore[arg-type]
