"""Which events were there before.

Delivery is at least once: a receiver acts once because it remembers ids, not because the
network is kind.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

DEFAULT_CAPACITY: Final = 100_000
DEFAULT_TTL: Final = 48 * 60 * 60


class Seen(Protocol):
    """Remembers ids. For several processes: examples/python/redis_seen.py."""

    def seen(self, id: str, /) -> bool:
        """Whether this id was there before; remember it, in one step nobody comes between."""

    def forget(self, id: str, /) -> object:
        """Take an id back because handling its event failed, so that the retry is handled."""


class AsyncSeen(Protocol):
    """The same for handlers that are async."""

    def seen(self, id: str, /) -> Awaitable[bool]:
        """Whether this id was there before; remember it, in one step nobody comes between."""

    def forget(self, id: str, /) -> Awaitable[Any]:
        """Take an id back because handling its event failed, so that the retry is handled."""


class MemorySeen:
    """Ids in the memory of this process: bounded, expiring, and gone after a restart.

    `capacity` is how many ids are kept; the oldest go first. `ttl` is how many seconds an id
    is kept: 48 h by default, because retries end after some 33 h. `now` is a clock in
    seconds, for tests. Threads may share one.
    """

    def __init__(
        self,
        capacity: int = DEFAULT_CAPACITY,
        ttl: float = DEFAULT_TTL,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be 1 or more, not {capacity}")
        if not ttl > 0:
            raise ValueError(f"ttl must be a number of seconds above 0, not {ttl}")
        self._capacity = capacity
        self._ttl = ttl
        self._now = now
        self._lock = threading.Lock()
        # In the order of their coming, which is that of their end: each is kept equally long.
        self._ends: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """How many ids are kept at the moment."""
        return len(self._ends)

    def seen(self, id: str, /) -> bool:
        """Whether this id was there before; it is remembered."""
        with self._lock:
            now = self._now()
            self._expire(now)
            if id in self._ends:
                return True
            if len(self._ends) >= self._capacity:
                self._ends.popitem(last=False)
            self._ends[id] = now + self._ttl
            return False

    def forget(self, id: str, /) -> None:
        """Take an id back because handling its event failed."""
        with self._lock:
            self._ends.pop(id, None)

    def _expire(self, now: float) -> None:
        while self._ends and next(iter(self._ends.values())) <= now:
            self._ends.popitem(last=False)
