<?php

/**
 * A request as the sender makes it, signed by either scheme.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

final class Request
{
    public const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    public const OTHER_SECRET = 'whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg==';
    public const CREATED_AT = '2026-03-26T10:00:00.000Z';

    /** @param array<string, string> $headers */
    private function __construct(public readonly string $body, public readonly array $headers)
    {
    }

    /** A new event of this id, signed now. */
    public static function of(string $id, string $secret = self::SECRET, ?int $at = null): self
    {
        return self::signed(self::json($id), $id, $secret, $at);
    }

    public static function json(string $id, string $data = '{}'): string
    {
        return '{"id":"' . $id . '","type":"deposit.completed","created_at":"' . self::CREATED_AT
            . '","data":' . $data . '}';
    }

    /** Any body, signed. */
    public static function signed(
        string $body,
        string $id = 'evt_1',
        string $secret = self::SECRET,
        ?int $at = null,
    ): self {
        $at ??= time();
        $key = (string) base64_decode(substr($secret, strlen('whsec_')), true);
        return new self($body, [
            'webhook-id' => $id,
            'webhook-timestamp' => (string) $at,
            'webhook-signature' => 'v1,' . base64_encode(hash_hmac('sha256', "$id.$at.$body", $key, true)),
            'x-webhook-signature' => hash_hmac('sha256', $body, $secret),
        ]);
    }

    public static function newId(): string
    {
        return 'evt_' . bin2hex(random_bytes(8));
    }
}
