<?php

/**
 * The two readings of base64 that signatures need; PHP's own, even its strict one, takes spaces
 * and leaves padding out.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

/** @internal */
final class Base64
{
    private function __construct()
    {
    }

    /**
     * The only text for these very bytes, or null.
     *
     * @return non-empty-string|null
     */
    public static function strict(string $text, int $length): ?string
    {
        $bytes = base64_decode($text, true);
        if ($bytes === false || $bytes === '' || strlen($bytes) !== $length || base64_encode($bytes) !== $text) {
            return null;
        }
        return $bytes;
    }

    /** As the sender reads secrets: with less padding too, and with any unused bits; or null. */
    public static function lenient(string $text): ?string
    {
        $digits = rtrim($text, '=');
        $padding = strlen($text) - strlen($digits);
        $wanted = (4 - strlen($digits) % 4) % 4;
        if (preg_match('/\A[A-Za-z0-9+\/]*\z/', $digits) !== 1 || $wanted === 3 || $padding > $wanted) {
            return null;
        }
        return base64_decode($digits);
    }
}
