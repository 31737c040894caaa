<?php

/**
 * Where ids are remembered: files here; Redis or a database for several servers.
 */

declare(strict_types=1);

return [
    'default' => 'file',
    'stores' => ['file' => ['driver' => 'file', 'path' => storage_path('framework/cache')]],
];
