<?php

/**
 * PSR-7, here by nyholm/psr7. A framework makes the request and sends the response by itself.
 */

declare(strict_types=1);

use Example\PdoSeen;
use Nyholm\Psr7\{Response, ServerRequest};
use Psr\Http\Message\{ResponseInterface, ServerRequestInterface};
use Waxwing\Receiver\{Answer, Event, Webhook};

require __DIR__ . '/../vendor/autoload.php';
require_once 'Nyholm/Psr7/autoload.php'; // Debian's; yours is in vendor/autoload.php

/** @param SplQueue<Event<mixed>> $jobs what is to be done after the response */
function receive(ServerRequestInterface $request, SplQueue $jobs): ResponseInterface
{
    $secrets = explode(' ', (string) getenv('WEBHOOK_SECRETS'));
    $seen = new PdoSeen(new PDO('sqlite:' . (getenv('DATABASE') ?: 'webhooks.db')));
    $enqueue = fn (Event $event) => $jobs->enqueue($event); // a queue that lasts, if losing it does harm
    $answer = Answer::to(fn (): Event => Webhook::fromPsr7($request, $secrets), $seen, $enqueue);
    return new Response($answer->status, $answer->headers(), $answer->body);
}

$jobs = new SplQueue();
[$method, $uri] = [$_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI']];
$request = new ServerRequest($method, $uri, getallheaders(), fopen('php://input', 'r') ?: null);
$response = "$method $uri" === 'POST /webhooks' ? receive($request, $jobs) : new Response(404);
http_response_code($response->getStatusCode());
foreach ($response->getHeaders() as $name => $values) {
    header("$name: " . implode(', ', $values));
}
echo $response->getBody();
flush();
foreach ($jobs as $event) { // what fails here PHP puts into its error log
    file_put_contents('php://stdout', "done $event->id $event->type\n");
}
