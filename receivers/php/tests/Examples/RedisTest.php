<?php

/**
 * Deduplication in a real Redis, which the test starts on a socket of its own.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests\Examples;

use Example\RedisSeen;
use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Tests\Process;

final class RedisTest extends TestCase
{
    private string $folder;

    private Process $server;

    private \Redis $redis;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/redis' . bin2hex(random_bytes(8));
        mkdir($this->folder, 0700);
        $command = ['redis-server', '--port', '0', '--unixsocket', "$this->folder/socket", '--save', ''];
        $this->server = new Process($command, $this->folder);
        $ready = $this->server->line(1, 'ready to accept connections');
        self::assertNotNull($ready, 'redis-server did not start');
        $this->redis = new \Redis();
        $this->redis->connect("$this->folder/socket");
    }

    protected function tearDown(): void
    {
        $this->server->end();
        rmdir($this->folder);
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

    public function testARedisThatTakesNothingIsNoDuplicate(): void
    {
        $this->redis->config('SET', 'maxmemory', '1');
        $this->expectException(\RedisException::class);
        $this->expectExceptionMessage('OOM');
        (new RedisSeen($this->redis))->seen('a');
    }
}
