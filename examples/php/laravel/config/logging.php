<?php

/**
 * Errors go to the log of the server.
 */

declare(strict_types=1);

return [
    'default' => 'errorlog',
    'channels' => ['errorlog' => ['driver' => 'errorlog']],
];
