<?php

/**
 * The memory of ids is bounded, expires and can be taken back.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\MemorySeen;

final class MemorySeenTest extends TestCase
{
    private int $now = 1000;

    public function testAnIdIsNewOnce(): void
    {
        $seen = $this->memory();
        self::assertSame([false, true, false], [$seen->seen('a'), $seen->seen('a'), $seen->seen('b')]);
    }

    public function testAForgottenIdIsNewAgain(): void
    {
        $seen = $this->memory();
        $seen->seen('a');
        $seen->forget('a');
        self::assertSame([false, true], [$seen->seen('a'), $seen->seen('a')]);
        $seen->forget('never seen');
    }

    public function testAnIdExpires(): void
    {
        $seen = $this->memory(ttl: 10);
        $seen->seen('a');
        $this->now += 9;
        self::assertTrue($seen->seen('a'));
        $this->now += 1;
        self::assertFalse($seen->seen('a'));
    }

    public function testTheOldestGoesFirst(): void
    {
        $seen = $this->memory(capacity: 2);
        $seen->seen('a');
        $seen->seen('b');
        $seen->seen('c');
        self::assertSame([true, true, false], [$seen->seen('b'), $seen->seen('c'), $seen->seen('a')]);
    }

    public function testWhatIsSeenAgainAfterItWasForgottenIsYoung(): void
    {
        $seen = $this->memory(capacity: 3);
        $seen->seen('a');
        $seen->seen('b');
        $seen->forget('a');
        $seen->seen('a');
        $seen->seen('c');
        self::assertSame([true, true, true], [$seen->seen('a'), $seen->seen('b'), $seen->seen('c')]);
    }

    public function testForgettingWithoutEndTakesNoMemory(): void
    {
        $seen = $this->memory(capacity: 10);
        $before = memory_get_usage();
        for ($i = 0; $i < 10_000; $i++) {
            $seen->seen("id $i");
            $seen->forget("id $i");
        }
        self::assertLessThan(100_000, memory_get_usage() - $before);
    }

    public function testIdsThatLookLikeNumbersAreTexts(): void
    {
        $seen = $this->memory();
        self::assertSame([false, false, true], [$seen->seen('1'), $seen->seen('01'), $seen->seen('1')]);
    }

    public function testBoundsThatCannotBeAreRefused(): void
    {
        $this->expectException(\InvalidArgumentException::class);
        $this->memory(capacity: 0);
    }

    private function memory(int $capacity = 100, int $ttl = 100): MemorySeen
    {
        return new MemorySeen($capacity, $ttl, fn (): int => $this->now);
    }
}
