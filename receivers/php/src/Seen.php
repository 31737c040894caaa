<?php

/**
 * What a receiver remembers of the events that it has had, so that it acts on each once.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

interface Seen
{
    /**
     * Whether this id was there before; it is from now on. Both in one step that no other process
     * can come between.
     */
    public function seen(string $id): bool;

    /** Takes an id back, because its event could not be handled and shall be taken again. */
    public function forget(string $id): void;
}
