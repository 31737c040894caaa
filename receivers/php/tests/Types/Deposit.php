<?php

/**
 * The data of deposit.completed, as a receiver would write it down.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests\Types;

final class Deposit
{
    public function __construct(
        public readonly string $id,
        public readonly float $amount,
        public readonly string $currency,
    ) {
    }

    public static function of(mixed $data): self
    {
        /** @var array{id: string, amount: float, currency: string} $data */
        return new self($data['id'], $data['amount'], $data['currency']);
    }
}
