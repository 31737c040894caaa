<?php

/**
 * What receivers have without the library: the verification of the original documentation, the hex
 * HMAC-SHA256 of the raw body, compared in constant time. It knows no duplicates and no old requests.
 */

declare(strict_types=1);

if ($_SERVER['REQUEST_METHOD'] !== 'POST' || $_SERVER['REQUEST_URI'] !== '/webhooks') {
    http_response_code(404);
    return;
}

$body = (string) file_get_contents('php://input');
$signature = $_SERVER['HTTP_X_WEBHOOK_SIGNATURE'] ?? '';
$genuine = false;
foreach (explode(' ', (string) getenv('WEBHOOK_SECRETS')) as $secret) {
    $genuine = hash_equals(hash_hmac('sha256', $body, $secret), $signature) || $genuine;
}
if (!$genuine) {
    http_response_code(401);
    echo 'invalid signature';
    return;
}

$event = json_decode($body, true);
http_response_code(200);
header('Content-Length: 2');
echo 'ok'; // all of it is there for the sender, whatever follows
flush();
file_put_contents('php://stdout', "done {$event['id']} {$event['type']}\n");
