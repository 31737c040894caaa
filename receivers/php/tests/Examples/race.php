<?php

/**
 * Asks a database for the same ids as others do at the same time, and prints how many were new.
 */

declare(strict_types=1);

use Example\PdoSeen;

require __DIR__ . '/../bootstrap.php';

$seen = new PdoSeen(new PDO("sqlite:$argv[1]"));
$new = 0;
for ($i = 0; $i < (int) $argv[2]; $i++) {
    $new += $seen->seen("id $i") ? 0 : 1;
}
echo "$new\n";
