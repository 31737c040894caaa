"""Ids in Redis, for receivers of several processes: `webhooks(secrets, seen=RedisSeen(...))`."""

import redis

DEFAULT_TTL = 48 * 60 * 60  # seconds; retries end after some 33 h


class RedisSeen:
    """`SET NX EX` looks and remembers in one step, whoever else asks at the same time."""

    def __init__(
        self, client: redis.Redis, ttl: int = DEFAULT_TTL, prefix: str = "webhook:"
    ) -> None:
        self._client, self._ttl, self._prefix = client, ttl, prefix

    def seen(self, id: str, /) -> bool:
        return not self._client.set(self._prefix + id, 1, nx=True, ex=self._ttl)

    def forget(self, id: str, /) -> None:
        self._client.delete(self._prefix + id)
