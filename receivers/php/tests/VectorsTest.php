<?php

/**
 * Every shared vector, by each way that headers can come.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use Nyholm\Psr7\Request;
use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Event;
use Waxwing\Receiver\Options;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\VerificationException;
use Waxwing\Receiver\Webhook;

final class VectorsTest extends TestCase
{
    /** @return iterable<string, array{array<string, mixed>, Options}> */
    public static function vectors(): iterable
    {
        return Vectors::all();
    }

    /**
     * @dataProvider vectors
     * @param array<string, mixed> $vector
     */
    public function testItIsJudgedRightWithHeadersAsAMap(array $vector, Options $options): void
    {
        $map = [];
        foreach ($vector['headers'] as [$name, $value]) {
            $map[$name][] = $value;
        }
        $headers = array_map(fn (array $list): mixed => count($list) === 1 ? $list[0] : $list, $map);
        $this->assertJudged($vector, fn (): Event => $this->verify($vector, $headers, $options));
    }

    /**
     * @dataProvider vectors
     * @param array<string, mixed> $vector
     */
    public function testItIsJudgedRightWithHeadersAsTheyCame(array $vector, Options $options): void
    {
        $pairs = static function () use ($vector): iterable {
            foreach ($vector['headers'] as [$name, $value]) {
                yield $name => $value;
            }
        };
        $this->assertJudged($vector, fn (): Event => $this->verify($vector, $pairs(), $options));
    }

    /**
     * @dataProvider vectors
     * @param array<string, mixed> $vector
     */
    public function testItIsJudgedRightAsAPsr7Request(array $vector, Options $options): void
    {
        $request = new Request('POST', '/webhooks', [], $vector['body']);
        foreach ($vector['headers'] as [$name, $value]) {
            $request = $request->withAddedHeader($name, $value);
        }
        $verify = fn (): Event => Webhook::fromPsr7($request, $vector['secrets'], $options);
        $this->assertJudged($vector, $verify);
    }

    public function testTheReasonsAreThoseOfAllLibraries(): void
    {
        $own = [];
        foreach (Reason::cases() as $reason) {
            $own[] = ['reason' => $reason->value, 'status' => $reason->status()];
        }
        self::assertSame(Vectors::file('reasons')['reasons'], $own);
    }

    public function testTheVectorsAreThere(): void
    {
        self::assertGreaterThan(150, count([...Vectors::all()]));
    }

    /**
     * @param array<string, mixed> $vector
     * @param iterable<string, mixed> $headers
     * @return Event<mixed>
     */
    private function verify(array $vector, iterable $headers, Options $options): Event
    {
        return Webhook::verify($vector['body'], $headers, $vector['secrets'], $options);
    }

    /**
     * @param array<string, mixed> $vector
     * @param \Closure(): Event<mixed> $verify
     */
    private function assertJudged(array $vector, \Closure $verify): void
    {
        try {
            $event = $verify();
            $judged = ['event' => [
                'created_at' => $event->createdAt->format('Y-m-d\TH:i:s.v\Z'),
                'id' => $event->id,
                'type' => $event->type,
            ]];
        } catch (VerificationException $refusal) {
            $judged = ['error' => $refusal->reason->value];
            self::assertNotSame('', $refusal->getMessage());
            foreach ($vector['secrets'] as $secret) {
                $shown = $secret !== '' && str_contains($refusal->getMessage(), $secret);
                self::assertFalse($shown, 'the message shows the secret');
            }
        }
        self::assertEquals($vector['expect'], $judged);
    }
}
