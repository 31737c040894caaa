<?php

/**
 * Laravel looks here for pages of errors; there are none.
 */

declare(strict_types=1);

return ['paths' => [], 'compiled' => storage_path('framework')];
