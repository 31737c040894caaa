<?php

/**
 * Remembers ids in Redis, for several servers, by the extension redis: SET key 1 NX EX seconds.
 */

declare(strict_types=1);

namespace Example;

use Waxwing\Receiver\MemorySeen;
use Waxwing\Receiver\Seen;

final class RedisSeen implements Seen
{
    public function __construct(private readonly \Redis $redis, private readonly int $ttl = MemorySeen::TTL)
    {
    }

    public function seen(string $id): bool
    {
        $this->redis->clearLastError();
        $isNew = $this->redis->set("webhook:$id", '1', ['nx', 'ex' => $this->ttl]);
        // False is also what a full Redis answers: an event must not be dropped for that.
        $error = $this->redis->getLastError();
        return $error === null ? !$isNew : throw new \RedisException($error);
    }

    public function forget(string $id): void
    {
        $this->redis->del("webhook:$id");
    }
}
