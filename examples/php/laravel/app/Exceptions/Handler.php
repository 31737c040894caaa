<?php

/**
 * Errors in JSON, whatever the sender says it accepts: nobody looks at pages here.
 */

declare(strict_types=1);

namespace App\Exceptions;

use Illuminate\Foundation\Exceptions\Handler as Base;
use Throwable;

final class Handler extends Base
{
    protected function shouldReturnJson($request, Throwable $e): bool
    {
        return true;
    }
}
