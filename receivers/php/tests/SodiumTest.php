<?php

/**
 * Without PHP's extension sodium the library works, and says so where a public key is given.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;

final class SodiumTest extends TestCase
{
    public function testAPublicKeyNeedsSodium(): void
    {
        self::assertSame('evt_01m85ve0y6efp98b9vafhqkpt6', $this->verify('signing-key', []));
        $without = ['-d', 'disable_functions=sodium_crypto_sign_verify_detached'];
        $said = "The secret is a public key, which needs PHP's extension sodium. Install it.";
        self::assertSame("invalid_secret: $said", $this->verify('signing-key', $without));
    }

    public function testASharedSecretNeedsNone(): void
    {
        $without = ['-d', 'disable_functions=sodium_crypto_sign_verify_detached'];
        self::assertSame('evt_01m85ve0y6efp98b9vafhqkpt6', $this->verify('standard', $without));
    }

    /** @param list<string> $options of PHP */
    private function verify(string $vectors, array $options): string
    {
        $command = [PHP_BINARY, ...$options, __DIR__ . '/fixtures/verify.php', $vectors];
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
        self::assertIsResource($process);
        $printed = (string) stream_get_contents($pipes[1]);
        proc_close($process);
        return $printed;
    }
}
