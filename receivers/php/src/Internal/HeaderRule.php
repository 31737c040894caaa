<?php

/**
 * What one header must look like.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

/** @internal */
final class HeaderRule
{
    /**
     * @param string $name in lowercase
     * @param string $joined a pattern of what servers make of a repeated header
     * @param string $valid a pattern of what it may be
     * @param string $expected the same in words
     */
    public function __construct(
        public readonly string $name,
        public readonly string $joined,
        public readonly string $valid,
        public readonly string $expected,
    ) {
    }
}
