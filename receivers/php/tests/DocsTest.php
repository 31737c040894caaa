<?php

/**
 * All PHP code of the documentation does what is said of it.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;

final class DocsTest extends TestCase
{
    private const PAGE = Vectors::ROOT . '/docs/receiving/php.md';
    private const README = Vectors::ROOT . '/receivers/php/README.md';
    private const LARAVEL = Vectors::ROOT . '/examples/php/laravel';

    /** A word of each piece, what is looked at after it, and what that must be. */
    private const FRAGMENTS = [
        'echo json_encode($refusal)' => ['', 'evt_1 deposit.completed 2026-03-26T10:00:00+00:00'],
        'new Response(' => ['response', '204'],
        'tolerance: 60' => ['event', 'evt_1'],
        '$cents' => ['cents', '25010'],
        '$event->data->currency' => ['', 'USD'],
        'final class Deposit' => ['', 'deposit dep_1 in USD'],
        'new RedisSeen' => ['status', '204'],
        'Once::act' => [
            'inbox',
            '{"id":"evt_1","type":"deposit.completed","created_at":"2026-03-26T10:00:00.000Z",'
                . '"data":{"id":"dep_1","amount":250.1,"currency":"USD"}}',
        ],
        '$answer->refusal?->status() === 500' => [
            '',
            'The secret is empty. Is the variable or file that it comes from there?',
        ],
        '$secret = ' => ['signed', 'evt_1'],
    ];

    /** @return iterable<string, array{string}> */
    public static function pages(): iterable
    {
        yield 'the page' => [self::PAGE];
        yield 'the README of the package' => [self::README];
    }

    /** @return iterable<string, array{string, string, string}> */
    public static function fragments(): iterable
    {
        foreach (self::FRAGMENTS as $word => [$look, $expected]) {
            yield $word => [$word, $look, $expected];
        }
    }

    /** @dataProvider pages */
    public function testTheFirstExampleReceives(string $page): void
    {
        $folder = sys_get_temp_dir() . '/first' . bin2hex(random_bytes(8));
        mkdir("$folder/vendor", recursive: true);
        $autoload = realpath(__DIR__ . '/../vendor/autoload.php');
        file_put_contents("$folder/vendor/autoload.php", "<?php\n\nreturn require '$autoload';\n");
        file_put_contents("$folder/index.php", self::blocks($page)[0]);
        $server = Server::ofScript("$folder/index.php", ['WEBHOOK_SECRET' => Request::SECRET]);
        $id = Request::newId();
        self::assertSame(204, $server->send(Request::of($id))['status']);
        self::assertNotNull($server->process->line(2, "deposit.completed $id"));
        $forged = $server->send(Request::of($id, Request::OTHER_SECRET));
        self::assertSame(401, $forged['status']);
        $server->process->end();
        array_map(unlink(...), ["$folder/index.php", "$folder/vendor/autoload.php"]);
        array_map(rmdir(...), ["$folder/vendor", $folder]);
    }

    /** @dataProvider fragments */
    public function testAPieceOfCodeDoesWhatIsSaid(string $word, string $look, string $expected): void
    {
        $file = (string) tempnam(sys_get_temp_dir(), 'fragment');
        file_put_contents($file, "<?php\n\ndeclare(strict_types=1);\n\nuse Waxwing\Receiver\Webhook;\n\n"
            . str_replace("use Waxwing\Receiver\Webhook;\n", '', $this->block($word)));
        $redis = $word === 'new RedisSeen' ? new Redis() : null;
        $command = [PHP_BINARY, '-d', 'display_errors=1', '-d', 'error_reporting=-1', '-d', 'log_errors=0'];
        $log = ['-d', 'error_log=/dev/stdout', '-d', 'html_errors=0'];
        $script = [__DIR__ . '/fixtures/fragment.php', $file, $redis?->socket ?? '', $look];
        $process = new Process([...$command, ...$log, ...$script], __DIR__);
        $printed = $process->rest(1);
        self::assertSame(0, $process->code(), $printed);
        $said = preg_replace('/^\[[^]]+\] /', '', rtrim($printed)); // the time in a line of a log
        self::assertSame($expected, $said);
        unlink($file);
    }

    public function testLaravelsCodeIsThatOfTheExample(): void
    {
        $files = [
            'final class VerifyWebhook' => '/app/Http/Middleware/VerifyWebhook.php',
            "Route::post('/webhooks'" => '/routes/api.php',
        ];
        foreach ($files as $word => $file) {
            $example = (string) file_get_contents(self::LARAVEL . $file);
            $bare = preg_replace('#\A<\?php\n\n/\*\*.*?\*/\n#s', "<?php\n", $example);
            self::assertSame($bare, $this->block($word), $file);
        }
    }

    public function testEveryPieceOfCodeIsTested(): void
    {
        $words = [...array_keys(self::FRAGMENTS), 'final class VerifyWebhook', "Route::post('/webhooks'"];
        self::assertCount(count($words) + 1, self::blocks(self::PAGE));
        self::assertCount(1, self::blocks(self::README));
    }

    /** The only block of the page with this word, but for the first example. */
    private function block(string $word): string
    {
        $found = array_filter(
            array_slice(self::blocks(self::PAGE), 1),
            fn (string $block): bool => str_contains($block, $word),
        );
        self::assertNotEmpty($found, "no code has $word");
        return reset($found);
    }

    /** @return list<string> */
    private static function blocks(string $page): array
    {
        preg_match_all('/^```php\n(.*?)^```$/ms', (string) file_get_contents($page), $found);
        return $found[1];
    }
}
