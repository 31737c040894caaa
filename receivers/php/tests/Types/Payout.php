<?php

/**
 * The data of payout.completed, whose amount is a text.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests\Types;

final class Payout
{
    public function __construct(
        public readonly string $payoutId,
        public readonly string $amount,
        public readonly string $currency,
    ) {
    }

    public static function of(mixed $data): self
    {
        /** @var array{payout_id: string, amount: string, currency: string} $data */
        return new self($data['payout_id'], $data['amount'], $data['currency']);
    }
}
