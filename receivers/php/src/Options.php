<?php

/**
 * How to verify. The defaults are right for almost everybody.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

final class Options
{
    /** Five minutes: more than clocks differ, less than a stolen request is good for. */
    public const TOLERANCE = 300;

    /** 1 MiB: four times what a server of Waxwing lets an event have by default. */
    public const MAX_BODY = 1_048_576;

    /**
     * @param Scheme $scheme which of the two signatures is verified
     * @param int $tolerance seconds that the time of a request may be away from now
     * @param int|null $now Unix seconds, for tests; null is the clock of the machine
     * @param int $maxBody bytes that fromGlobals() and fromPsr7() read
     * @param (\Closure(string): mixed)|null $parse reads the JSON, once it is verified. Null is
     *     json_decode() to arrays, with integers beyond 64 bits as text instead of rounded
     */
    public function __construct(
        public readonly Scheme $scheme = Scheme::Standard,
        public readonly int $tolerance = self::TOLERANCE,
        public readonly ?int $now = null,
        public readonly int $maxBody = self::MAX_BODY,
        public readonly ?\Closure $parse = null,
    ) {
        if ($tolerance < 0) {
            throw new \InvalidArgumentException("The tolerance is $tolerance: give seconds, 0 or more.");
        }
        if ($maxBody < 1) {
            throw new \InvalidArgumentException("The bound of the body is $maxBody: give bytes, 1 or more.");
        }
    }
}
