<?php

/**
 * Requests that PHP itself has read, over HTTP.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;

final class GlobalsTest extends TestCase
{
    private Server $server;

    /** @var resource held while the receiver must not work yet */
    private mixed $lock;

    protected function setUp(): void
    {
        $lock = tmpfile();
        self::assertIsResource($lock);
        $this->lock = $lock;
        $environment = ['LOCK' => stream_get_meta_data($lock)['uri'], 'SECRET' => Request::SECRET];
        $this->server = Server::ofScript(__DIR__ . '/fixtures/server.php', $environment);
    }

    protected function tearDown(): void
    {
        $this->server->process->end();
    }

    public function testTheAnswerIsCompleteBeforeTheWorkBegins(): void
    {
        $forged = Request::of('evt_1', Request::OTHER_SECRET);
        $cases = [[Request::of('evt_1'), '/', 204], [$forged, '/', 401], [$forged, '/buffered', 401]];
        foreach ($cases as [$request, $path, $status]) {
            flock($this->lock, LOCK_EX);
            $answer = $this->server->send($request, $path);
            self::assertSame($status, $answer['status'], $answer['body']);
            self::assertStringEndsWith($status === 204 ? '' : '"}', $answer['body']);
            flock($this->lock, LOCK_UN);
            self::assertSame("worked after $status", $this->server->process->line(1, 'worked'));
        }
    }

    public function testARefusalSaysWhyInJson(): void
    {
        $answer = $this->server->post('/', '{}', []);
        self::assertSame(401, $answer['status']);
        self::assertStringContainsString("Content-Type: application/json\r\n", $answer['headers']);
        self::assertStringStartsWith('{"reason":"missing_header","detail":"The header webhook-id', $answer['body']);
    }

    public function testABodyBeyondTheBoundIsRefused(): void
    {
        $long = Request::signed(str_repeat(' ', 1001));
        self::assertSame(413, $this->server->send($long)['status']);
        $short = Request::signed(str_repeat(' ', 1000));
        self::assertSame(400, $this->server->send($short)['status']);
    }

    public function testARepeatedHeaderIsNoticed(): void
    {
        $request = Request::of('evt_1');
        $lines = ['webhook-id: evt_1', 'Webhook-Id: evt_1'];
        foreach ($request->headers as $name => $value) {
            $lines[] = $name === 'webhook-id' ? 'accept: */*' : "$name: $value";
        }
        $answer = $this->server->post('/', $request->body, $lines);
        self::assertStringStartsWith('{"reason":"repeated_header"', $answer['body']);
    }

    public function testAFormThatPhpHasParsedIsNoEvent(): void
    {
        $form = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
        $answer = $this->server->post('/', $form, ['Content-Type: multipart/form-data; boundary=b']);
        self::assertSame(401, $answer['status'], $answer['body']);
    }
}
