<?php

/**
 * Lets genuine events through, each once. The route finds the event in the request's attributes.
 */

declare(strict_types=1);

namespace App\Http\Middleware;

use App\CacheSeen;
use Closure;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;
use Waxwing\Receiver\Answer;
use Waxwing\Receiver\Event;
use Waxwing\Receiver\Webhook;

final class VerifyWebhook
{
    public function __construct(private readonly CacheSeen $seen)
    {
    }

    public function handle(Request $request, Closure $next): Response
    {
        [$body, $headers, $secrets] = [$request->getContent(), $request->headers->all(), config('webhooks.secrets')];
        $answer = Answer::to(fn (): Event => Webhook::verify($body, $headers, $secrets), $this->seen);
        if ($answer->event === null) {
            return response($answer->body, $answer->status, $answer->headers());
        }
        $request->attributes->set(Event::class, $answer->event);
        $response = $next($request);
        if (!$response->isSuccessful()) {
            // Laravel has made a response of the exception: the retry shall be no duplicate.
            $this->seen->forget($answer->event->id);
        }
        return $response;
    }
}
