<?php

/**
 * The scheme `plain`: X-Webhook-Signature, the hex HMAC-SHA256 of the body by the secret as text.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

use Waxwing\Receiver\Reason;
use Waxwing\Receiver\Scheme;
use Waxwing\Receiver\VerificationException;

/** @internal */
final class PlainSignature
{
    private function __construct()
    {
    }

    public static function check(string $body, Headers $headers, Keys $keys): void
    {
        [$signature] = $headers->read(Scheme::Plain, self::rule());
        foreach ($keys->shared as $secret) {
            if (hash_equals(hash_hmac('sha256', $body, $secret), $signature)) {
                return;
            }
        }
        $detail = 'No secret made the signature in x-webhook-signature. Is it the secret of this webhook, '
            . 'and the body as it came?';
        throw new VerificationException(Reason::NoMatchingSignature, $detail);
    }

    private static function rule(): HeaderRule
    {
        $name = Scheme::Plain->signatureHeader();
        return new HeaderRule($name, '/,/', '/\A[0-9a-f]{64}\z/', '64 lowercase hex digits');
    }
}
