<?php

/**
 * What the vectors cannot say: what callers hand over, and what errors tell.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Options;
use Waxwing\Receiver\Reason;
use Waxwing\Receiver\Scheme;
use Waxwing\Receiver\VerificationException;
use Waxwing\Receiver\Webhook;

final class WebhookTest extends TestCase
{
    /** @return iterable<string, array{mixed, string}> */
    public static function bodiesThatAreNotRaw(): iterable
    {
        yield 'what a parser made' => [['id' => 'evt_1'], 'array'];
        yield 'an object' => [new \stdClass(), 'stdClass'];
        yield 'nothing' => [null, 'null'];
        yield 'what file_get_contents() gives when it fails' => [false, 'bool'];
    }

    /** @dataProvider bodiesThatAreNotRaw */
    public function testABodyThatIsNotRawIsExplained(mixed $body, string $type): void
    {
        $refusal = $this->refusal(fn () => Webhook::verify($body, [], []));
        self::assertSame(Reason::BodyNotRaw, $refusal->reason);
        self::assertStringContainsString("The body is $type", $refusal->getMessage());
        self::assertStringContainsString('php://input', $refusal->getMessage());
        self::assertStringContainsString('getContent()', $refusal->getMessage());
    }

    /** @return iterable<string, array{mixed, string}> */
    public static function unusableSecrets(): iterable
    {
        $good = Request::SECRET;
        yield 'a variable that is not set' => [getenv('WAXWING_NOT_SET'), 'Is the variable'];
        yield 'null' => [null, 'Is the variable'];
        yield 'an empty one' => ['', 'is empty'];
        yield 'no text' => [[$good, 7], 'Secret 2 of 2 is int'];
        yield 'a newline' => ["$good\n", 'The secret ends with a newline'];
        yield 'a short one' => [[$good, $good, 'short'], 'Secret 3 of 3 has 5 characters'];
        yield 'one by a name' => [['old' => $good, 'new' => 'short'], 'Secret 2 of 2 has 5 characters'];
        yield 'a function that gives none' => [fn (): array => [], 'Is the variable'];
        yield 'half a public key' => ['whpk_iD8HsGPWTb/Vqqo=', 'not base64 of 32 bytes'];
    }

    /**
     * @dataProvider unusableSecrets
     * @param string|list<string>|\Closure|false|null $secrets
     */
    public function testAnUnusableSecretIsNamed(mixed $secrets, string $said): void
    {
        $refusal = $this->refusal(fn () => Webhook::verify('', [], $secrets));
        self::assertSame(Reason::InvalidSecret, $refusal->reason);
        self::assertStringContainsString($said, $refusal->getMessage());
    }

    public function testNoSecretIsInTheTraceOfAnError(): void
    {
        $request = Request::of('evt_1', Request::OTHER_SECRET);
        foreach ([Request::SECRET, [Request::SECRET, "short\n"]] as $secrets) {
            $refusal = $this->refusal(fn () => Webhook::verify($request->body, $request->headers, $secrets));
            $shown = array_column($refusal->getTrace(), 'args');
            self::assertNotEmpty($shown, 'zend.exception_ignore_args must be off for this test');
            self::assertStringNotContainsString(Request::SECRET, serialize(self::texts($shown)));
        }
    }

    public function testSecretsCanComeFromAFunction(): void
    {
        $request = Request::of('evt_1');
        $secrets = fn (): array => [Request::OTHER_SECRET, Request::SECRET];
        self::assertSame('evt_1', Webhook::verify($request->body, $request->headers, $secrets)->id);
    }

    public function testHeadersCanBeListsAsInPsr7AndLaravel(): void
    {
        $request = Request::of('evt_1');
        $lists = array_map(fn (string $value): array => [$value], $request->headers) + ['accept' => [null]];
        self::assertSame('evt_1', Webhook::verify($request->body, $lists, Request::SECRET)->id);
    }

    public function testAHeaderThatIsNoTextIsAMistakeOfTheCaller(): void
    {
        $this->expectException(\InvalidArgumentException::class);
        $this->expectExceptionMessage('webhook-timestamp is int');
        Webhook::verify('', ['webhook-timestamp' => 1774519200], Request::SECRET);
    }

    public function testAMissingHeaderOfOneSchemeMentionsTheOther(): void
    {
        $request = Request::of('evt_1');
        $plain = ['X-Webhook-Signature' => $request->headers['x-webhook-signature']];
        $refusal = $this->refusal(fn () => Webhook::verify($request->body, $plain, Request::SECRET));
        self::assertStringContainsString('its scheme is plain', $refusal->getMessage());
    }

    public function testTheDefaultDoesNotFallBackToTheSchemeWithoutTime(): void
    {
        $request = Request::of('evt_1', at: time() - 301);
        $refusal = $this->refusal(fn () => Webhook::verify($request->body, $request->headers, Request::SECRET));
        self::assertSame(Reason::TimestampTooOld, $refusal->reason);
        self::assertMatchesRegularExpression('/30[1-3] s old, and 300 s are tolerated/', $refusal->getMessage());
        $plain = new Options(Scheme::Plain);
        self::assertSame('evt_1', Webhook::verify($request->body, $request->headers, Request::SECRET, $plain)->id);
    }

    public function testUnknownVersionsAreNamedShortAndFew(): void
    {
        $headers = Request::of('evt_1')->headers;
        $headers['webhook-signature'] = "v9,A v9,B \xff\x01" . str_repeat('x', 100) . ',C v8,D v7,E';
        $refusal = $this->refusal(fn () => Webhook::verify('', $headers, Request::SECRET));
        $said = 'webhook-signature has v9, ??xxxxxxxxxx, v8 only, and the secrets here check v1.';
        self::assertStringStartsWith($said, $refusal->getMessage());
    }

    public function testOptionsThatCannotBeAreRefused(): void
    {
        foreach ([fn () => new Options(tolerance: -1), fn () => new Options(maxBody: 0)] as $make) {
            try {
                $make();
                self::fail('it was taken');
            } catch (\InvalidArgumentException $error) {
                self::assertStringContainsString('or more', $error->getMessage());
            }
        }
    }

    public function testARefusalIsAnAnswerInJson(): void
    {
        $refusal = new VerificationException(Reason::MissingHeader, 'The header webhook-id is missing.');
        $json = '{"reason":"missing_header","detail":"The header webhook-id is missing."}';
        self::assertSame([401, $json], [$refusal->status(), json_encode($refusal)]);
    }

    /** @param \Closure(): mixed $verify */
    private function refusal(\Closure $verify): VerificationException
    {
        try {
            $verify();
        } catch (VerificationException $refusal) {
            return $refusal;
        }
        self::fail('the request was taken');
    }

    /** Every text in the arguments of a trace: what a log would show of them. */
    private static function texts(mixed $value): mixed
    {
        if (is_array($value)) {
            return array_map(self::texts(...), $value);
        }
        return is_string($value) ? $value : get_debug_type($value);
    }
}
