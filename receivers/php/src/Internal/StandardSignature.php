<?php

/**
 * The scheme `standard`: Standard Webhooks 1.0, signatures of id, time and body by shared secrets
 * (v1) or signing keys (v1a).
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

use Waxwing\Receiver\Options;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\Scheme;
use Waxwing\Receiver\VerificationException;

/** @internal */
final class StandardSignature
{
    /** Signatures that are looked at. A rotation has two, or four with a signing key. */
    private const MAX_SIGNATURES = 16;

    /** Unknown versions that an error names, and the length of each. */
    private const SHOWN_VERSIONS = 3;
    private const SHOWN_LENGTH = 12;

    private const SECRET_PREFIX = 'whsec_';
    private const ED25519_BYTES = 64;

    private function __construct()
    {
    }

    public static function check(string $body, Headers $headers, Keys $keys, Options $options): void
    {
        [$id, $timestamp, $signatures] = $headers->read(Scheme::Standard, ...self::rules());
        self::checkSignatures("$id.$timestamp.$body", $signatures, $keys);
        // After the signature, so that only genuine requests are called old.
        self::checkTime((int) $timestamp, $options);
    }

    /** @return list<HeaderRule> */
    private static function rules(): array
    {
        $id = '/\A[\x21-\x2d\x2f-\x7e]{1,256}\z/';
        $time = '/\A(0|[1-9][0-9]{0,14})\z/';
        $name = Scheme::Standard->signatureHeader();
        return [
            new HeaderRule('webhook-id', '/,/', $id, '1 to 256 printable characters, no space and no dot'),
            new HeaderRule('webhook-timestamp', '/,/', $time, 'Unix seconds'),
            new HeaderRule($name, '/,[^ ]*,/', '/[^ ]/', 'signatures separated by spaces'),
        ];
    }

    private static function checkSignatures(string $signed, string $signatures, Keys $keys): void
    {
        $expected = array_map(fn (string $secret): string => self::hmac($signed, $secret), $keys->shared);
        $versions = [];
        $checkable = false;
        foreach (self::split($signatures) as [$version, $signature]) {
            $versions[] = $version;
            if ($version === 'v1' && $expected !== []) {
                $checkable = true;
                $genuine = self::isOneOf($expected, $signature);
            } elseif ($version === 'v1a' && $keys->public !== []) {
                $checkable = true;
                $genuine = self::isByOneOf($keys->public, $signature, $signed);
            } else {
                $genuine = false;
            }
            if ($genuine) {
                return;
            }
        }
        throw $checkable ? self::noMatch() : self::unsupported($versions, $keys);
    }

    /** @return list<array{string, string}> version and signature of each */
    private static function split(string $signatures): array
    {
        $parts = preg_split('/ +/', $signatures, self::MAX_SIGNATURES + 1, PREG_SPLIT_NO_EMPTY);
        $pairs = [];
        foreach (array_slice($parts === false ? [] : $parts, 0, self::MAX_SIGNATURES) as $part) {
            $pair = explode(',', $part, 2);
            $pairs[] = [$pair[0], $pair[1] ?? ''];
        }
        return $pairs;
    }

    private static function hmac(string $signed, #[\SensitiveParameter] string $secret): string
    {
        $key = null;
        if (str_starts_with($secret, self::SECRET_PREFIX)) {
            $key = Base64::lenient(substr($secret, strlen(self::SECRET_PREFIX)));
        }
        return base64_encode(hash_hmac('sha256', $signed, $key ?? $secret, true));
    }

    /** @param list<string> $expected */
    private static function isOneOf(array $expected, string $signature): bool
    {
        foreach ($expected as $own) {
            if (hash_equals($own, $signature)) {
                return true;
            }
        }
        return false;
    }

    /** @param list<non-empty-string> $keys */
    private static function isByOneOf(array $keys, string $signature, string $signed): bool
    {
        $bytes = Base64::strict($signature, self::ED25519_BYTES);
        foreach ($bytes === null ? [] : $keys as $key) {
            if (sodium_crypto_sign_verify_detached($bytes, $signed, $key)) {
                return true;
            }
        }
        return false;
    }

    private static function checkTime(int $timestamp, Options $options): void
    {
        $late = ($options->now ?? time()) - $timestamp;
        if (abs($late) <= $options->tolerance) {
            return;
        }
        $reason = $late > 0 ? Reason::TimestampTooOld : Reason::TimestampTooNew;
        $away = abs($late) . ' s ' . ($late > 0 ? 'old' : 'in the future');
        $detail = "The request is genuine, but $away, and $options->tolerance s are tolerated. "
            . "It may be sent again by a stranger, or this machine's clock is off.";
        throw new VerificationException($reason, $detail);
    }

    private static function noMatch(): VerificationException
    {
        $detail = 'No secret made a signature in webhook-signature. Is it the secret of this webhook, '
            . 'and the body as it came?';
        return new VerificationException(Reason::NoMatchingSignature, $detail);
    }

    /** @param list<string> $versions */
    private static function unsupported(array $versions, Keys $keys): VerificationException
    {
        $short = static function (string $version): string {
            return (string) preg_replace('/[^\x21-\x7e]/', '?', substr($version, 0, self::SHOWN_LENGTH));
        };
        $there = array_slice(array_unique(array_map($short, $versions)), 0, self::SHOWN_VERSIONS);
        $able = array_filter(['v1' => $keys->shared !== [], 'v1a' => $keys->public !== []]);
        $detail = 'webhook-signature has ' . implode(', ', $there) . ' only, and the secrets here check '
            . implode(' and ', array_keys($able)) . '. A shared secret checks v1, a public key (whpk_…) v1a.';
        return new VerificationException(Reason::UnsupportedVersion, $detail);
    }
}
