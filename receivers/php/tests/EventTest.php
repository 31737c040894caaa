<?php

/**
 * Reading what was signed: numbers, times, types, and whatever no parser may stumble over.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Event;
use Waxwing\Receiver\Options;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\Tests\Types\Deposit;
use Waxwing\Receiver\Tests\Types\Payout;
use Waxwing\Receiver\VerificationException;
use Waxwing\Receiver\Webhook;

final class EventTest extends TestCase
{
    public function testIntegersBeyond64BitsKeepTheirDigits(): void
    {
        $data = '{"large":1000000000000000000001,"long":9223372036854775807,"amount":250.00}';
        $event = $this->read(Request::json('evt_1', $data));
        $expected = ['large' => '1000000000000000000001', 'long' => PHP_INT_MAX, 'amount' => 250.0];
        self::assertSame($expected, $event->data);
    }

    public function testAParserOfTheCallersOwnReadsWhatItLikes(): void
    {
        $parse = fn (string $json): mixed => json_decode($json, flags: JSON_THROW_ON_ERROR);
        $event = $this->read(Request::json('evt_1', '{"a":{}}'), new Options(parse: $parse));
        self::assertEquals((object) ['a' => new \stdClass()], $event->data);
    }

    public function testAParserOfTheCallersOwnMayRefuse(): void
    {
        foreach ([fn (): mixed => null, fn (): mixed => throw new \JsonException('no')] as $parse) {
            $this->assertNoEvent(Request::json('evt_1'), new Options(parse: $parse));
        }
    }

    public function testAParserOfTheCallersOwnGetsNothingButUtf8(): void
    {
        $parse = fn (string $json): mixed => json_decode($json, true, flags: JSON_INVALID_UTF8_IGNORE);
        $this->assertNoEvent(Request::json('evt_1', "\"\xff\""), new Options(parse: $parse));
    }

    /** @return iterable<string, array{string, string}> */
    public static function times(): iterable
    {
        yield 'UTC' => ['2026-03-26T10:00:00.123Z', '2026-03-26T10:00:00.123000+00:00'];
        yield 'microseconds' => ['2026-03-26T10:00:00.123456Z', '2026-03-26T10:00:00.123456+00:00'];
        yield 'no fraction' => ['2026-03-26T10:00:00Z', '2026-03-26T10:00:00.000000+00:00'];
        yield 'another zone' => ['2026-03-26T10:00:00+02:00', '2026-03-26T10:00:00.000000+02:00'];
    }

    /** @dataProvider times */
    public function testTheTimeIsReadAsItWasWritten(string $written, string $read): void
    {
        $event = $this->read(str_replace(Request::CREATED_AT, $written, Request::json('evt_1')));
        self::assertSame($read, $event->createdAt->format('Y-m-d\TH:i:s.uP'));
    }

    /** @return iterable<string, array{string}> */
    public static function noEvents(): iterable
    {
        $json = Request::json('evt_1');
        foreach (['tomorrow', '', '2026-02-30T10:00:00Z', '2026-03-26', '2026-03-26T24:00:00Z', '@1'] as $time) {
            yield "the time '$time'" => [str_replace(Request::CREATED_AT, $time, $json)];
        }
        yield 'a nest too deep' => [Request::json('evt_1', str_repeat('[', 100_000) . str_repeat(']', 100_000))];
        yield 'half a nest' => [str_repeat('{"a":', 100_000)];
        yield 'half a pair of surrogates' => [Request::json('evt_1', '"\ud800"')];
        yield 'a byte order mark' => ["\u{feff}$json"];
        yield 'a null character' => ["$json\0"];
        yield 'infinity' => [Request::json('evt_1', 'Infinity')];
    }

    /** @dataProvider noEvents */
    public function testWhatIsNoEventIsRefused(string $body): void
    {
        $this->assertNoEvent($body);
    }

    public function testNamesThatPhpTreatsSpeciallyAreData(): void
    {
        $event = $this->read(Request::json('evt_1', '{"":1,"0":2,"\u0000a":3}'));
        self::assertSame(['' => 1, 0 => 2, "\0a" => 3], $event->data);
    }

    public function testTheSampleEventsAreRead(): void
    {
        $files = glob(Vectors::ROOT . '/samples/events/*.json');
        self::assertNotEmpty($files);
        foreach ($files as $file) {
            $event = $this->read(self::delivered($file));
            self::assertSame(basename($file, '.json'), $event->type);
            self::assertIsArray($event->data);
        }
    }

    public function testTypesAreReadByTheirOwnReaders(): void
    {
        $types = ['deposit.completed' => Deposit::of(...), 'payout.completed' => Payout::of(...)];
        $folder = Vectors::ROOT . '/samples/events';
        $deposit = $this->read(self::delivered("$folder/deposit.completed.json"))->read($types);
        $payout = $this->read(self::delivered("$folder/payout.completed.json"))->read($types);
        $other = $this->read(self::delivered("$folder/card.frozen.json"))->read($types);
        self::assertInstanceOf(Deposit::class, $deposit?->data);
        self::assertInstanceOf(Payout::class, $payout?->data);
        self::assertSame(['evt_1', 'deposit.completed'], [$deposit->id, $deposit->type]);
        self::assertNull($other);
    }

    public function testAnEventIsPrintedAsItCame(): void
    {
        $body = Request::json('evt_1', '{"currency":"USD"}');
        self::assertSame($body, json_encode($this->read($body), JSON_THROW_ON_ERROR));
    }

    /** What is delivered of a sample, which has neither id nor time. */
    private static function delivered(string $file): string
    {
        $sample = (string) file_get_contents($file);
        $members = '{"id":"evt_1","created_at":"' . Request::CREATED_AT . '",';
        return $members . substr(trim($sample), 1);
    }

    private function assertNoEvent(string $body, ?Options $options = null): void
    {
        try {
            $this->read($body, $options);
            self::fail('it was taken');
        } catch (VerificationException $refusal) {
            self::assertSame(Reason::NotAnEvent, $refusal->reason, $refusal->getMessage());
        }
    }

    /** @return Event<mixed> */
    private function read(string $body, ?Options $options = null): Event
    {
        $request = Request::signed($body);
        return Webhook::verify($request->body, $request->headers, Request::SECRET, $options);
    }
}
