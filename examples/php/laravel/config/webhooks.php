<?php

/**
 * The secrets of the webhook: one, or two during a rotation.
 */

declare(strict_types=1);

return [
    'secrets' => explode(' ', (string) env('WEBHOOK_SECRETS')),
];
