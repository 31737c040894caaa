<?php

/**
 * Remembers ids in Laravel's cache: Redis, a database, Memcached or files, whose add() is atomic.
 */

declare(strict_types=1);

namespace App;

use Illuminate\Contracts\Cache\Repository;
use Waxwing\Receiver\MemorySeen;
use Waxwing\Receiver\Seen;

final class CacheSeen implements Seen
{
    public function __construct(private readonly Repository $cache)
    {
    }

    public function seen(string $id): bool
    {
        return !$this->cache->add("webhook:$id", true, MemorySeen::TTL);
    }

    public function forget(string $id): void
    {
        $this->cache->forget("webhook:$id");
    }
}
