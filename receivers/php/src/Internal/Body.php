<?php

/**
 * The raw body: where it comes from, and the traps on the way.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

use Psr\Http\Message\StreamInterface;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\VerificationException;

/** @internal */
final class Body
{
    private const WAY_OUT = 'The signature is over the bytes that came, so take them before a parser does: '
        . "file_get_contents('php://input'), in Laravel and Symfony \$request->getContent(), "
        . 'with PSR-7 Webhook::fromPsr7($request).';

    private function __construct()
    {
    }

    /** What a caller says is the body. */
    public static function raw(mixed $body): string
    {
        if (!is_string($body)) {
            throw self::notRaw('The body is ' . get_debug_type($body) . ', not the text of the request.');
        }
        return $body;
    }

    /** The body of the request that PHP is running for. It can be read any number of times. */
    public static function ofInput(int $max): string
    {
        $body = @file_get_contents('php://input', false, null, 0, $max + 1);
        if ($body === false) {
            throw self::notRaw('php://input cannot be read.');
        }
        return self::bounded($body, $max);
    }

    /** The body of a PSR-7 request, from its start. */
    public static function ofStream(StreamInterface $stream, int $max): string
    {
        try {
            $body = self::readStream($stream, $max);
        } catch (\RuntimeException $error) {
            throw self::notRaw('The stream of the body cannot be read: ' . $error->getMessage() . '.', $error);
        }
        if ($body === null) {
            throw self::notRaw('The stream of the body was read by somebody else and cannot be rewound.');
        }
        return self::bounded($body, $max);
    }

    /** One byte more than the bound at most; null when others have read it. */
    private static function readStream(StreamInterface $stream, int $max): ?string
    {
        if ($stream->isSeekable()) {
            $stream->rewind();
        } elseif ($stream->eof() || self::position($stream) > 0) {
            return null;
        }
        $body = '';
        while (strlen($body) <= $max && !$stream->eof()) {
            $chunk = $stream->read($max + 1 - strlen($body));
            if ($chunk === '') {
                break;
            }
            $body .= $chunk;
        }
        if ($stream->isSeekable()) {
            $stream->rewind();
        }
        return $body;
    }

    /** How much of a stream was read; some do not know. */
    private static function position(StreamInterface $stream): int
    {
        try {
            return $stream->tell();
        } catch (\RuntimeException) {
            return 0;
        }
    }

    private static function bounded(string $body, int $max): string
    {
        if (strlen($body) > $max) {
            $detail = "The body is larger than $max bytes. Raise maxBody if the platform sends such events.";
            throw new VerificationException(Reason::BodyTooLarge, $detail);
        }
        return $body;
    }

    private static function notRaw(string $what, ?\Throwable $previous = null): VerificationException
    {
        return new VerificationException(Reason::BodyNotRaw, $what . ' ' . self::WAY_OUT, $previous);
    }
}
