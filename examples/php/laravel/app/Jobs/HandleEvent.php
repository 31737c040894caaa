<?php

/**
 * The work of an event, after the response. With ShouldQueue and a queue it survives a crash.
 */

declare(strict_types=1);

namespace App\Jobs;

use Illuminate\Foundation\Bus\Dispatchable;
use Waxwing\Receiver\Event;

final class HandleEvent
{
    use Dispatchable;

    /** @param Event<mixed> $event */
    public function __construct(private readonly Event $event)
    {
    }

    public function handle(): void
    {
        file_put_contents('php://stdout', "done {$this->event->id} {$this->event->type}\n");
    }
}
