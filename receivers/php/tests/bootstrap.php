<?php

/**
 * What the tests load: the library as Composer does, and what Debian has of others.
 */

declare(strict_types=1);

require __DIR__ . '/../vendor/autoload.php';
require __DIR__ . '/../../../examples/php/vendor/autoload.php';
require 'Nyholm/Psr7/autoload.php';
require 'GuzzleHttp/Psr7/autoload.php';
