<?php

/**
 * There are no views, but Laravel's responses ask for this.
 */

declare(strict_types=1);

return ['paths' => [], 'compiled' => storage_path('framework')];
