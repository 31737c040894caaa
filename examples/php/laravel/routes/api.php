<?php

/**
 * The route of webhooks. It needs no CSRF token: keep it out of routes/web.php.
 */

declare(strict_types=1);

use App\Http\Middleware\VerifyWebhook;
use App\Jobs\HandleEvent;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Facades\Route;
use Waxwing\Receiver\Event;

Route::post('/webhooks', function (Request $request): Response {
    HandleEvent::dispatchAfterResponse($request->attributes->get(Event::class));
    return response()->noContent();
})->middleware(VerifyWebhook::class);
