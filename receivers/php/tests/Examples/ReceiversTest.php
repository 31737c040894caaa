<?php

/**
 * Every receiver of examples/php, started as its contract says.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests\Examples;

use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Tests\Process;
use Waxwing\Receiver\Tests\Request;
use Waxwing\Receiver\Tests\Server;
use Waxwing\Receiver\Tests\Vectors;

final class ReceiversTest extends TestCase
{
    private const FOLDER = Vectors::ROOT . '/examples/php';

    /** @return iterable<string, array{list<string>, bool}> command, and whether it has the library */
    public static function receivers(): iterable
    {
        $text = (string) file_get_contents(self::FOLDER . '/contract.json');
        foreach (json_decode($text, true, 512, JSON_THROW_ON_ERROR)['receivers'] as $receiver) {
            yield $receiver['name'] => [$receiver['command'], $receiver['deduplicates'] ?? true];
        }
    }

    /**
     * @dataProvider receivers
     * @param list<string> $command
     */
    public function testItDoesGenuineEventsAndRefusesOthers(array $command, bool $library): void
    {
        [$server, $database] = $this->start($command);
        $ids = [Request::newId(), Request::newId()];
        [$first, $second] = array_map(Request::of(...), $ids);
        $forged = Request::of(Request::newId(), 'whsec_YW5vdGhlcmFub3RoZXJhbm90aGVyYW4=');
        self::assertContains($server->send($first)['status'], [200, 204]);
        self::assertSame("done $ids[0] deposit.completed", $server->process->line(1, 'done '));
        $duplicate = $server->send($first);
        self::assertSame(200, $duplicate['status']);
        self::assertContains($server->send($second)['status'], [200, 204]);
        if ($library) {
            self::assertSame('duplicate', $duplicate['body']);
        } else {
            self::assertSame("done $ids[0] deposit.completed", $server->process->line(1, 'done '));
        }
        self::assertSame("done $ids[1] deposit.completed", $server->process->line(1, 'done '));
        $refused = $server->send($forged);
        self::assertSame(401, $refused['status']);
        if ($library) {
            self::assertStringStartsWith('{"reason":"no_matching_signature"', $refused['body']);
        }
        self::assertSame(404, $server->send($second, '/elsewhere')['status']);
        $server->process->end();
        unlink($database);
    }

    /**
     * @dataProvider receivers
     * @param list<string> $command
     */
    public function testItTakesBothSecretsOfARotation(array $command): void
    {
        [$server, $database] = $this->start($command);
        foreach ([Request::SECRET, Request::OTHER_SECRET] as $secret) {
            $id = Request::newId();
            self::assertContains($server->send(Request::of($id, $secret))['status'], [200, 204]);
            self::assertSame("done $id deposit.completed", $server->process->line(1, 'done '));
        }
        $server->process->end();
        unlink($database);
    }

    /**
     * @dataProvider receivers
     * @param list<string> $command
     */
    public function testItDoesNotStartWithoutSecrets(array $command): void
    {
        $process = new Process($command, self::FOLDER, ['PORT' => '1']);
        self::assertNotNull($process->line(2, 'WEBHOOK_SECRETS is not set'));
        self::assertSame(1, $process->code());
    }

    /**
     * @param list<string> $command
     * @return array{Server, string} the server and its database
     */
    private function start(array $command): array
    {
        $database = (string) tempnam(sys_get_temp_dir(), 'webhooks');
        $environment = [
            'DATABASE' => $database,
            'WEBHOOK_SECRETS' => Request::SECRET . ' ' . Request::OTHER_SECRET,
        ];
        return [Server::start($command, self::FOLDER, $environment), $database];
    }
}
