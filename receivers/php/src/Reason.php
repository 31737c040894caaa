<?php

/**
 * Why a request was refused: a closed list, the same words in every language of Waxwing's receivers.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

enum Reason: string
{
    case BodyNotRaw = 'body_not_raw';
    case InvalidSecret = 'invalid_secret';
    case MissingHeader = 'missing_header';
    case RepeatedHeader = 'repeated_header';
    case MalformedHeader = 'malformed_header';
    case UnsupportedVersion = 'unsupported_version';
    case NoMatchingSignature = 'no_matching_signature';
    case TimestampTooOld = 'timestamp_too_old';
    case TimestampTooNew = 'timestamp_too_new';
    case NotAnEvent = 'not_an_event';
    case BodyTooLarge = 'body_too_large';

    /** The HTTP status to answer with: 500 for a mistake of the receiver's own. */
    public function status(): int
    {
        return match ($this) {
            self::BodyNotRaw, self::InvalidSecret => 500,
            self::NotAnEvent => 400,
            self::BodyTooLarge => 413,
            default => 401,
        };
    }
}
