<?php

/**
 * The smallest application that Laravel runs. Yours has all this.
 */

declare(strict_types=1);

use App\Exceptions\Handler;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as HttpKernel;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Http\Kernel;

// Debian's Laravel 8 is older than PHP 8.2, which calls some of its code deprecated. Errors stay.
error_reporting(E_ALL & ~E_DEPRECATED);

require_once __DIR__ . '/../../vendor/autoload.php';
require_once 'Illuminate/autoload.php'; // Debian's; yours is in vendor/autoload.php

$app = new Application(dirname(__DIR__));
$app->singleton(HttpKernel::class, Kernel::class);
$app->singleton(ExceptionHandler::class, Handler::class);
$app->booted(fn () => require __DIR__ . '/../routes/api.php');

return $app;
