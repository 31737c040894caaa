<?php

/**
 * What the example needs of Laravel.
 */

declare(strict_types=1);

return [
    'name' => 'webhooks',
    'env' => 'production',
    'debug' => false,
    'providers' => [
        Illuminate\Bus\BusServiceProvider::class,
        Illuminate\Cache\CacheServiceProvider::class,
        Illuminate\Filesystem\FilesystemServiceProvider::class,
        Illuminate\View\ViewServiceProvider::class,
    ],
];
