"""Ids in Redis, for receivers of several processes: `webhooks(secrets, seen=RedisSeen(...))`."""

import uuid

import redis

DEFAULT_TTL = 48 * 60 * 60  # seconds; retries end after some 33 h


class RedisSeen:
    """`SET NX EX` looks and remembers in one step, whoever else asks at the same time."""

    def __init__(
        self, client: redis.Redis, ttl: int = DEFAULT_TTL, prefix: str = "webhook:"
    ) -> None:
        self._client, self._ttl, self._prefix = client, ttl, prefix

    def seen(self, id: str, /) -> bool:
        key, mine = self._prefix + id, uuid.uuid4().hex
        if self._client.set(key, mine, nx=True, ex=self._ttl):
            return False
        # When a reply is lost the client sends the command again, and finds its own value.
        return self._client.get(key) not in (mine, mine.encode())

    def forget(self, id: str, /) -> None:
        self._client.delete(self._prefix + id)
