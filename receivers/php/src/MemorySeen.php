<?php

/**
 * Remembers ids in the memory of the process: for servers in PHP that run on between requests, and
 * for tests. Under FPM and mod_php each request begins with nothing: use a database or Redis there.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

final class MemorySeen implements Seen
{
    public const CAPACITY = 100_000;

    /** 48 hours: retries end after some 33. */
    public const TTL = 172_800;

    /** @var array<array-key, int> the number under which each id was remembered */
    private array $numbers = [];

    /** @var \SplQueue<array{string, int, int}> id, number and time, the oldest first */
    private \SplQueue $order;

    private int $last = 0;

    /**
     * @param int $capacity ids that are remembered; the oldest go first
     * @param int $ttl seconds for which each is
     * @param (\Closure(): int)|null $clock seconds, for tests; null is the clock of the machine
     */
    public function __construct(
        private readonly int $capacity = self::CAPACITY,
        private readonly int $ttl = self::TTL,
        private readonly ?\Closure $clock = null,
    ) {
        if ($capacity < 1 || $ttl < 1) {
            throw new \InvalidArgumentException("A capacity of $capacity for $ttl s: both must be 1 or more.");
        }
        $this->order = new \SplQueue();
    }

    public function seen(string $id): bool
    {
        $now = $this->clock === null ? time() : ($this->clock)();
        while (!$this->order->isEmpty() && $this->order->bottom()[2] <= $now - $this->ttl) {
            $this->dropOldest();
        }
        if (isset($this->numbers[$id])) {
            return true;
        }
        if ($this->order->count() >= $this->capacity) {
            $this->dropOldest();
        }
        $this->numbers[$id] = ++$this->last;
        $this->order->enqueue([$id, $this->last, $now]);
        return false;
    }

    /** Its place in the order stays until it is the oldest: so the order is bounded too. */
    public function forget(string $id): void
    {
        unset($this->numbers[$id]);
    }

    private function dropOldest(): void
    {
        [$id, $number] = $this->order->dequeue();
        if (($this->numbers[$id] ?? null) === $number) {
            unset($this->numbers[$id]);
        }
    }
}
