<?php

/**
 * Deduplication in a real Redis, started by the test.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests\Examples;

use Example\RedisSeen;
use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Tests\Redis;

final class RedisTest extends TestCase
{
    private Redis $server;

    private \Redis $redis;

    protected function setUp(): void
    {
        $this->server = new Redis();
        $this->redis = new \Redis();
        $this->redis->connect($this->server->socket);
    }

    protected function tearDown(): void
    {
        unset($this->server);
    }

    public function testAnIdIsNewOnceAndAgainWhenForgotten(): void
    {
        $seen = new RedisSeen($this->redis);
        self::assertSame([false, true, false], [$seen->seen('a'), $seen->seen('a'), $seen->seen('b')]);
        $seen->forget('a');
        self::assertSame([false, true], [$seen->seen('a'), $seen->seen('b')]);
    }

    public function testAnIdExpires(): void
    {
        (new RedisSeen($this->redis, 1000))->seen('a');
        $left = $this->redis->ttl('webhook:a');
        self::assertTrue($left > 900 && $left <= 1000, "$left s are left");
    }

    public function testAnErrorOfRedisIsNoDuplicate(): void
    {
        $this->expectException(\RedisException::class);
        $this->expectExceptionMessage('invalid expire time');
        (new RedisSeen($this->redis, PHP_INT_MAX))->seen('a');
    }

    public function testAnErrorOfAnEarlierCommandDoesNotMatter(): void
    {
        $this->redis->rawCommand('NO_SUCH_COMMAND');
        self::assertNotNull($this->redis->getLastError());
        self::assertFalse((new RedisSeen($this->redis))->seen('a'));
    }

    public function testARedisThatTakesNothingIsNoDuplicate(): void
    {
        $this->redis->config('SET', 'maxmemory', '1');
        $this->expectException(\RedisException::class);
        $this->expectExceptionMessage('OOM');
        (new RedisSeen($this->redis))->seen('a');
    }
}
