<?php

/**
 * What signatures are checked with: the secrets of a receiver, looked at before a request is.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

use Waxwing\Receiver\Reason;
use Waxwing\Receiver\Scheme;
use Waxwing\Receiver\VerificationException;

/** @internal */
final class Keys
{
    private const MIN_LENGTH = 16;
    private const MAX_LENGTH = 256;
    private const PUBLIC_PREFIX = 'whpk_';
    private const PUBLIC_BYTES = 32;

    /**
     * @param list<string> $shared secrets as they are written
     * @param list<non-empty-string> $public bytes of public keys
     */
    private function __construct(
        public readonly array $shared,
        public readonly array $public,
    ) {
    }

    public static function of(#[\SensitiveParameter] mixed $secrets, Scheme $scheme): self
    {
        if ($secrets instanceof \Closure) {
            $secrets = $secrets();
        }
        if ($secrets === false || $secrets === null || $secrets === []) {
            throw self::invalid('No secret was given. Is the variable or file that it comes from there?');
        }
        $secrets = is_array($secrets) ? array_values($secrets) : [$secrets];
        [$shared, $public] = [[], []];
        foreach ($secrets as $at => $secret) {
            $name = count($secrets) === 1 ? 'The secret' : 'Secret ' . ($at + 1) . ' of ' . count($secrets);
            $text = self::text($secret, $name);
            if (str_starts_with($text, self::PUBLIC_PREFIX)) {
                $public[] = self::publicKey($text, $name, $scheme);
            } else {
                $shared[] = $text;
            }
        }
        return new self($shared, $public);
    }

    /** A mistake here is one of the configuration: say which secret and how, never the secret. */
    private static function text(#[\SensitiveParameter] mixed $secret, string $name): string
    {
        if (!is_string($secret)) {
            throw self::invalid("$name is " . get_debug_type($secret) . ', not text.');
        }
        $length = strlen($secret);
        $wrong = match (true) {
            $length === 0 => 'is empty. Is the variable or file that it comes from there?',
            preg_match('/[\r\n]\z/', $secret) === 1 => 'ends with a newline. Trim what you read from a file.',
            preg_match('/\A[\x20-\x7e]*\z/', $secret) !== 1 => 'has characters that are not printable ASCII.',
            $length < self::MIN_LENGTH => "has $length characters, at least " . self::MIN_LENGTH . ' are needed.',
            $length > self::MAX_LENGTH => "has $length characters, at most " . self::MAX_LENGTH . ' are possible.',
            default => null,
        };
        if ($wrong !== null) {
            throw self::invalid("$name $wrong");
        }
        return $secret;
    }

    /** @return non-empty-string */
    private static function publicKey(string $text, string $name, Scheme $scheme): string
    {
        if ($scheme === Scheme::Plain) {
            throw self::invalid("$name is a public key, which verifies the scheme standard only.");
        }
        $key = Base64::strict(substr($text, strlen(self::PUBLIC_PREFIX)), self::PUBLIC_BYTES);
        if ($key === null) {
            throw self::invalid("$name begins with whpk_, but is not base64 of 32 bytes behind it. Copy it whole.");
        }
        if (!function_exists('sodium_crypto_sign_verify_detached')) {
            throw self::invalid("$name is a public key, which needs PHP's extension sodium. Install it.");
        }
        return $key;
    }

    private static function invalid(string $detail): VerificationException
    {
        return new VerificationException(Reason::InvalidSecret, $detail);
    }
}
