<?php

/**
 * A request was refused. The message says what is wrong with what, and what to do; it can be
 * answered to the sender, who shows it in the event log: no secret is in it.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

final class VerificationException extends \RuntimeException implements \JsonSerializable
{
    public function __construct(
        public readonly Reason $reason,
        string $detail,
        ?\Throwable $previous = null,
    ) {
        parent::__construct($detail, 0, $previous);
    }

    /** The HTTP status to answer with. */
    public function status(): int
    {
        return $this->reason->status();
    }

    /**
     * The body to answer with.
     *
     * @return array{reason: string, detail: string}
     */
    public function jsonSerialize(): array
    {
        return ['reason' => $this->reason->value, 'detail' => $this->getMessage()];
    }
}
