<?php

/**
 * Plain PHP, under FPM, mod_php or `php -S`: answers first, then works in the same process.
 */

declare(strict_types=1);

use Example\PdoSeen;
use Waxwing\Receiver\Answer;
use Waxwing\Receiver\Event;
use Waxwing\Receiver\Webhook;

require __DIR__ . '/../vendor/autoload.php';

function work(Event $event): void
{
    file_put_contents('php://stdout', "done $event->id $event->type\n");
}

if ($_SERVER['REQUEST_METHOD'] !== 'POST' || $_SERVER['REQUEST_URI'] !== '/webhooks') {
    http_response_code(404);
    return;
}

$secrets = explode(' ', (string) getenv('WEBHOOK_SECRETS'));
$seen = new PdoSeen(new PDO('sqlite:' . (getenv('DATABASE') ?: 'webhooks.db')));
$answer = Answer::to(fn (): Event => Webhook::fromGlobals($secrets), $seen);
$answer->send(); // the sender has it now; under FPM by fastcgi_finish_request()

if ($answer->event !== null) {
    try {
        work($answer->event);
    } catch (Throwable $error) {
        // No retry comes by itself any more: say so, and take the event when it is sent again by hand.
        error_log("the work of {$answer->event->id} failed: $error");
        $seen->forget($answer->event->id);
    }
}
