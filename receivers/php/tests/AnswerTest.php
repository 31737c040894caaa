<?php

/**
 * The way of a request: verified, deduplicated, handled, answered.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Answer;
use Waxwing\Receiver\Event;
use Waxwing\Receiver\MemorySeen;
use Waxwing\Receiver\Options;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\Webhook;

final class AnswerTest extends TestCase
{
    public function testANewEventIsHandledAndAnswered(): void
    {
        $handled = [];
        $answer = Answer::to($this->verify('evt_1'), new MemorySeen(), function (Event $event) use (&$handled): void {
            $handled[] = $event->id;
        });
        self::assertSame([204, '', [], 'evt_1'], $this->parts($answer));
        self::assertSame(['evt_1'], $handled);
    }

    public function testADuplicateIsAnsweredAndNotHandled(): void
    {
        $seen = new MemorySeen();
        Answer::to($this->verify('evt_1'), $seen);
        $fail = fn (): mixed => self::fail('it was handled');
        $answer = Answer::to($this->verify('evt_1'), $seen, $fail);
        self::assertSame([200, 'duplicate', ['Content-Type' => 'text/plain'], null], $this->parts($answer));
    }

    public function testAFailureIsPassedOnAndItsRetryIsNoDuplicate(): void
    {
        $seen = new MemorySeen();
        $fail = static function (): void {
            throw new \DomainException('full disk');
        };
        try {
            Answer::to($this->verify('evt_1'), $seen, $fail);
            self::fail('the failure was hidden');
        } catch (\DomainException $error) {
            self::assertSame('full disk', $error->getMessage());
        }
        self::assertSame(204, Answer::to($this->verify('evt_1'), $seen)->status);
    }

    public function testARefusalIsAnsweredWithItsReasonAndRemembersNothing(): void
    {
        $seen = new MemorySeen();
        $answer = Answer::to($this->verify('evt_1', 'https://ö'), $seen);
        self::assertSame([500, Reason::InvalidSecret], [$answer->status, $answer->refusal?->reason]);
        self::assertSame(['Content-Type' => 'application/json'], $answer->headers());
        $body = json_decode($answer->body, true, 512, JSON_THROW_ON_ERROR);
        self::assertSame(['reason' => 'invalid_secret', 'detail' => $answer->refusal->getMessage()], $body);
        self::assertFalse($seen->seen('evt_1'));
    }

    public function testEveryReasonFitsIntoWhatTheSenderKeeps(): void
    {
        foreach (Vectors::all() as [$vector, $options]) {
            $headers = array_column($vector['headers'], 1, 0);
            $verify = fn (): Event => Webhook::verify($vector['body'], $headers, $vector['secrets'], $options);
            self::assertLessThanOrEqual(1024, strlen(Answer::to($verify)->body));
        }
        $answer = Answer::to(fn (): Event => Webhook::verify(null, [], []));
        self::assertLessThanOrEqual(1024, strlen($answer->body));
    }

    public function testWithoutASeenEveryRequestIsHandled(): void
    {
        foreach ([1, 2] as $_) {
            self::assertSame('evt_1', Answer::to($this->verify('evt_1'))->event?->id);
        }
    }

    /** @return \Closure(): Event<mixed> */
    private function verify(string $id, string $secret = Request::SECRET): \Closure
    {
        $request = Request::of($id, Request::SECRET, 1000);
        $options = new Options(now: 1000);
        return fn (): Event => Webhook::verify($request->body, $request->headers, $secret, $options);
    }

    /**
     * @param Answer<mixed> $answer
     * @return array{int, string, array<string, string>, string|null}
     */
    private function parts(Answer $answer): array
    {
        return [$answer->status, $answer->body, $answer->headers(), $answer->event?->id];
    }
}
