<?php

/**
 * PSR-7 requests of two implementations, and the traps of their streams.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use GuzzleHttp\Psr7\NoSeekStream;
use GuzzleHttp\Psr7\ServerRequest as GuzzleRequest;
use GuzzleHttp\Psr7\Utils;
use Nyholm\Psr7\ServerRequest as NyholmRequest;
use PHPUnit\Framework\TestCase;
use Psr\Http\Message\ServerRequestInterface;
use Waxwing\Receiver\Options;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\VerificationException;
use Waxwing\Receiver\Webhook;

final class Psr7Test extends TestCase
{
    /** @return iterable<string, array{ServerRequestInterface}> */
    public static function requests(): iterable
    {
        $request = Request::of('evt_1');
        $arguments = ['POST', '/webhooks', $request->headers, $request->body];
        yield 'nyholm/psr7' => [new NyholmRequest(...$arguments)];
        yield 'guzzlehttp/psr7' => [new GuzzleRequest(...$arguments)];
    }

    /** @dataProvider requests */
    public function testARequestIsVerifiedThoughItsBodyWasRead(ServerRequestInterface $request): void
    {
        $request->getBody()->getContents();
        self::assertSame('evt_1', Webhook::fromPsr7($request, Request::SECRET)->id);
        self::assertSame(Request::json('evt_1'), $request->getBody()->getContents());
    }

    /** @dataProvider requests */
    public function testAStreamThatCannotBeRewoundIsReadOnce(ServerRequestInterface $request): void
    {
        $request->getBody()->rewind();
        $request = $request->withBody(new NoSeekStream($request->getBody()));
        self::assertSame('evt_1', Webhook::fromPsr7($request, Request::SECRET)->id);
        $this->assertRefused(Reason::BodyNotRaw, 'read by somebody else', $request);
    }

    /** @dataProvider requests */
    public function testAClosedStreamIsNoBody(ServerRequestInterface $request): void
    {
        $request->getBody()->close();
        $this->assertRefused(Reason::BodyNotRaw, 'php://input', $request);
    }

    /** @dataProvider requests */
    public function testABodyIsReadToItsBoundOnly(ServerRequestInterface $request): void
    {
        $length = strlen(Request::json('evt_1'));
        self::assertSame('evt_1', Webhook::fromPsr7($request, Request::SECRET, new Options(maxBody: $length))->id);
        $this->assertRefused(Reason::BodyTooLarge, 'maxBody', $request, new Options(maxBody: $length - 1));
    }

    public function testAnEndlessStreamEnds(): void
    {
        $endless = Utils::streamFor((function (): \Generator {
            while (true) {
                yield str_repeat('a', 8192);
            }
        })());
        $this->assertRefused(Reason::BodyTooLarge, '', new GuzzleRequest('POST', '/', [], $endless));
    }

    private function assertRefused(
        Reason $reason,
        string $said,
        ServerRequestInterface $request,
        ?Options $options = null,
    ): void {
        try {
            Webhook::fromPsr7($request, Request::SECRET, $options);
            self::fail('it was taken');
        } catch (VerificationException $refusal) {
            self::assertSame($reason, $refusal->reason, $refusal->getMessage());
            self::assertStringContainsString($said, $refusal->getMessage());
        }
    }
}
