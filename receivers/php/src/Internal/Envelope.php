<?php

/**
 * Reads the event in a body whose signature was verified.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

use Waxwing\Receiver\Event;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\VerificationException;

/** @internal */
final class Envelope
{
    /** How deep the default parser goes: PHP's own default, named. */
    private const MAX_DEPTH = 512;

    /** RFC 3339. What PHP takes beyond that ("tomorrow") is no time of an event. */
    private const TIME = '/\A(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?'
        . '([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)\z/';

    private function __construct()
    {
    }

    /** @return Event<mixed> */
    public static function read(string $body, ?\Closure $parse): Event
    {
        $members = self::members($body, $parse);
        $id = self::text($members, 'id');
        $type = self::text($members, 'type');
        $createdAt = self::time(self::text($members, 'created_at'));
        if (!array_key_exists('data', $members)) {
            throw self::notAnEvent('it has no member data');
        }
        return new Event($id, $type, $createdAt, $members['data']);
    }

    /** @return array<array-key, mixed> */
    private static function members(string $body, ?\Closure $parse): array
    {
        if (preg_match('//u', $body) !== 1) {
            throw self::notAnEvent('it is not UTF-8');
        }
        try {
            $parsed = $parse === null ? self::json($body) : $parse($body);
        } catch (\JsonException $error) {
            throw self::notAnEvent('it is no JSON that can be read (' . $error->getMessage() . ')', $error);
        }
        if (!is_array($parsed) && !is_object($parsed)) {
            throw self::notAnEvent('it is ' . get_debug_type($parsed) . ', not an object');
        }
        return (array) $parsed;
    }

    private static function json(string $body): mixed
    {
        return json_decode($body, true, self::MAX_DEPTH, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    }

    /** @param array<array-key, mixed> $members */
    private static function text(array $members, string $name): string
    {
        $value = $members[$name] ?? null;
        if (!is_string($value)) {
            throw self::notAnEvent("its member $name is no text, or is missing");
        }
        return $value;
    }

    private static function time(string $text): \DateTimeImmutable
    {
        $valid = preg_match(self::TIME, $text, $parts) === 1
            && checkdate((int) $parts[2], (int) $parts[3], (int) $parts[1]);
        if (!$valid) {
            throw self::notAnEvent('its member created_at is no time of RFC 3339');
        }
        return new \DateTimeImmutable($text);
    }

    private static function notAnEvent(string $why, ?\Throwable $previous = null): VerificationException
    {
        $detail = "The body is signed, but is no event: $why.";
        return new VerificationException(Reason::NotAnEvent, $detail, $previous);
    }
}
