<?php

/**
 * What a verification of a 1 KiB event costs, beside the bare HMAC-SHA256 of the same bytes:
 * php bench.php. With --quick it only shows that it runs.
 */

declare(strict_types=1);

use Waxwing\Receiver\Event;
use Waxwing\Receiver\Options;
use Waxwing\Receiver\Scheme;
use Waxwing\Receiver\Webhook;

require __DIR__ . '/vendor/autoload.php';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SIZE = 1024;

/** Microseconds of one call: the median of the rounds. */
function measure(\Closure $call, int $rounds, int $calls): float
{
    $times = [];
    for ($round = 0; $round < $rounds; $round++) {
        $start = hrtime(true);
        for ($i = 0; $i < $calls; $i++) {
            $call();
        }
        $times[] = (hrtime(true) - $start) / 1000 / $calls;
    }
    sort($times);
    return $times[intdiv($rounds, 2)];
}

$envelope = '{"id":"evt_1","type":"deposit.completed","created_at":"2026-03-26T10:00:00.000Z","data":{"text":"%s"}}';
$body = sprintf($envelope, str_repeat('a', SIZE - strlen($envelope) + 2));
$now = time();
$signed = "evt_1.$now.$body";
$key = (string) base64_decode(substr(SECRET, strlen('whsec_')), true);
$v1 = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
$headers = fn (string $signature): array => [
    'content-type' => 'application/json',
    'user-agent' => 'Waxwing/1',
    'x-webhook-signature' => hash_hmac('sha256', $body, SECRET),
    'webhook-id' => 'evt_1',
    'webhook-timestamp' => (string) $now,
    'webhook-signature' => $signature,
];
$withSecret = $headers($v1);
$options = new Options(now: $now);
$plain = new Options(Scheme::Plain);

$calls = [
    'HMAC-SHA256 alone' => fn (): string => hash_hmac('sha256', $signed, $key, true),
    'verify, standard v1' => fn (): Event => Webhook::verify($body, $withSecret, SECRET, $options),
    'verify, plain' => fn (): Event => Webhook::verify($body, $withSecret, SECRET, $plain),
];
if (function_exists('sodium_crypto_sign_seed_keypair')) {
    $pair = sodium_crypto_sign_seed_keypair(str_repeat('s', SODIUM_CRYPTO_SIGN_SEEDBYTES));
    $signature = sodium_crypto_sign_detached($signed, sodium_crypto_sign_secretkey($pair));
    $withKey = $headers('v1a,' . base64_encode($signature));
    $public = 'whpk_' . base64_encode(sodium_crypto_sign_publickey($pair));
    $calls['verify, standard v1a'] = fn (): Event => Webhook::verify($body, $withKey, $public, $options);
}

[$rounds, $each] = in_array('--quick', $argv, true) ? [1, 1] : [11, 5000];
$times = array_map(fn (\Closure $call): float => measure($call, $rounds, $each), $calls);
foreach ($times as $name => $microseconds) {
    printf("%-22s %8.2f µs  %5.1f times\n", $name, $microseconds, $microseconds / $times['HMAC-SHA256 alone']);
}
