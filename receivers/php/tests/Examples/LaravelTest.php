<?php

/**
 * The middleware of examples/php/laravel, in the framework's own kernel.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests\Examples;

use App\Http\Middleware\VerifyWebhook;
use Illuminate\Contracts\Http\Kernel;
use Illuminate\Foundation\Application;
use Illuminate\Http\Request as HttpRequest;
use Illuminate\Support\Facades\Route;
use Monolog\Handler\NullHandler;
use PHPUnit\Framework\TestCase;
use Symfony\Component\HttpFoundation\Response;
use Waxwing\Receiver\Event;
use Waxwing\Receiver\Tests\Request;
use Waxwing\Receiver\Tests\Vectors;

/**
 * The framework sets handlers of errors for the process that it is in.
 *
 * @runTestsInSeparateProcesses
 * @preserveGlobalState disabled
 */
final class LaravelTest extends TestCase
{
    private Application $app;

    private Kernel $kernel;

    protected function setUp(): void
    {
        $this->app = require Vectors::ROOT . '/examples/php/laravel/bootstrap/app.php';
        $this->kernel = $this->app->make(Kernel::class);
        $this->kernel->bootstrap();
        config([
            'cache.default' => 'array',
            'cache.stores.array' => ['driver' => 'array'],
            'logging.default' => 'none',
            'logging.channels.none' => ['driver' => 'monolog', 'handler' => NullHandler::class],
            'webhooks.secrets' => [Request::SECRET, Request::OTHER_SECRET],
        ]);
    }

    public function testTheRouteGetsTheEventOnce(): void
    {
        $events = [];
        Route::post('/once', function (HttpRequest $request) use (&$events): string {
            $events[] = $request->attributes->get(Event::class)->id;
            return 'taken';
        })->middleware(VerifyWebhook::class);
        [$first, $second] = [$this->send('/once', Request::of('evt_1')), $this->send('/once', Request::of('evt_1'))];
        self::assertSame([200, 'taken'], [$first->getStatusCode(), $first->getContent()]);
        self::assertSame([200, 'duplicate'], [$second->getStatusCode(), $second->getContent()]);
        self::assertSame(['evt_1'], $events);
    }

    public function testAForgedRequestIsRefusedWithItsReason(): void
    {
        $forged = Request::of('evt_1', 'whsec_YW5vdGhlcmFub3RoZXJhbm90aGVyYW4=');
        $response = $this->send('/webhooks', $forged);
        self::assertSame(401, $response->getStatusCode());
        self::assertSame('application/json', $response->headers->get('Content-Type'));
        $body = (string) $response->getContent();
        self::assertSame('no_matching_signature', json_decode($body, true, 512, JSON_THROW_ON_ERROR)['reason']);
    }

    public function testARepeatedHeaderIsNoticed(): void
    {
        $request = $this->request('/webhooks', Request::of('evt_1'));
        $request->headers->set('webhook-id', ['evt_1', 'evt_1']);
        self::assertStringContainsString('repeated_header', (string) $this->kernel->handle($request)->getContent());
    }

    public function testTheRetryAfterAnExceptionIsNoDuplicate(): void
    {
        $fails = true;
        Route::post('/fails', function () use (&$fails): string {
            return $fails ? throw new \DomainException('full disk') : 'taken';
        })->middleware(VerifyWebhook::class);
        self::assertSame(500, $this->send('/fails', Request::of('evt_1'))->getStatusCode());
        $fails = false;
        self::assertSame('taken', $this->send('/fails', Request::of('evt_1'))->getContent());
    }

    public function testABodyThatChangesTheFrameworkIsVerifiedAsItCame(): void
    {
        $body = Request::json('evt_1', '{"name":"  spaces  ","empty":"","amount":250.00}') . "\n";
        self::assertSame(204, $this->send('/webhooks', Request::signed($body))->getStatusCode());
    }

    private function send(string $path, Request $request): Response
    {
        return $this->kernel->handle($this->request($path, $request));
    }

    private function request(string $path, Request $request): HttpRequest
    {
        $server = ['CONTENT_TYPE' => 'application/json'];
        foreach ($request->headers as $name => $value) {
            $server['HTTP_' . strtoupper(strtr($name, '-', '_'))] = $value;
        }
        return HttpRequest::create($path, 'POST', server: $server, content: $request->body);
    }
}
