<?php

/**
 * Laravel's entry: answers, and then does what was put off until after the response.
 */

declare(strict_types=1);

use Illuminate\Contracts\Http\Kernel;
use Illuminate\Http\Request;

/** @var \Illuminate\Foundation\Application $app */
$app = require __DIR__ . '/../bootstrap/app.php';
$kernel = $app->make(Kernel::class);
$request = Request::capture();
$response = $kernel->handle($request)->send();
flush(); // FPM needs none of this: there send() ends the response
$kernel->terminate($request, $response);
