<?php

/**
 * The two ways in which every request is signed. A receiver chooses one; nothing falls back to
 * the other, because whoever sends a request would choose the one that leaves the time out.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

enum Scheme: string
{
    /** Standard Webhooks 1.0: `webhook-signature` signs id, time and body. */
    case Standard = 'standard';

    /** `X-Webhook-Signature`: signs the body alone, so old requests can be sent again. */
    case Plain = 'plain';

    /** The header that carries the scheme's signature. */
    public function signatureHeader(): string
    {
        return match ($this) {
            self::Standard => 'webhook-signature',
            self::Plain => 'x-webhook-signature',
        };
    }

    public function other(): self
    {
        return match ($this) {
            self::Standard => self::Plain,
            self::Plain => self::Standard,
        };
    }
}
