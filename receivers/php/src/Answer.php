<?php

/**
 * What to answer to a request: the whole way from verifying to deduplicating and handling it, and
 * for plain PHP the sending, after which the script goes on working.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

/**
 * @template-covariant T
 */
final class Answer
{
    private const JSON = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE
        | JSON_INVALID_UTF8_SUBSTITUTE;

    /**
     * @param int $status 204; 200 for a duplicate; otherwise that of the reason
     * @param Event<T>|null $event the event to work on; null when there is none to work on
     * @param VerificationException|null $refusal why the request was refused, for your own log
     */
    private function __construct(
        public readonly int $status,
        private readonly string $contentType,
        public readonly string $body,
        public readonly ?Event $event = null,
        public readonly ?VerificationException $refusal = null,
    ) {
    }

    /**
     * Verifies, deduplicates and handles a request. When handling fails the id is forgotten and
     * the error passed on: the sender is to get a 500, and its retry is then no duplicate.
     *
     * @template U
     * @param \Closure(): Event<U> $verify `fn () => Webhook::fromGlobals($secrets)` or the like
     * @param Seen|null $seen what was there before; null to deduplicate elsewhere
     * @param (\Closure(Event<U>): void)|null $handle what must be done before the answer
     * @return self<U>
     */
    public static function to(\Closure $verify, ?Seen $seen = null, ?\Closure $handle = null): self
    {
        try {
            $event = $verify();
        } catch (VerificationException $refusal) {
            $body = json_encode($refusal, self::JSON);
            return new self($refusal->status(), 'application/json', $body, refusal: $refusal);
        }
        if ($seen !== null && $seen->seen($event->id)) {
            return new self(200, 'text/plain', 'duplicate');
        }
        try {
            if ($handle !== null) {
                $handle($event);
            }
        } catch (\Throwable $error) {
            $seen?->forget($event->id);
            throw $error;
        }
        return new self(204, 'text/plain', '', $event);
    }

    /** @return array<string, string> the headers to answer with */
    public function headers(): array
    {
        return $this->body === '' ? [] : ['Content-Type' => $this->contentType];
    }

    /**
     * Sends the answer now, by PHP's own means. The sender has all of it when this returns, and
     * what the script does then is work behind the answer.
     */
    public function send(): void
    {
        ignore_user_abort(true);
        http_response_code($this->status);
        foreach ($this->headers() as $name => $value) {
            header("$name: $value");
        }
        if ($this->status !== 204) {
            header('Content-Length: ' . strlen($this->body));
        }
        header('Connection: close');
        echo $this->body;
        while (ob_get_level() > 0 && @ob_end_flush()) {
            continue;
        }
        flush();
        if (function_exists('fastcgi_finish_request')) {
            fastcgi_finish_request();
        }
    }
}
