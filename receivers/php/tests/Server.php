<?php

/**
 * A server on a free port of the loopback, and requests to it.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

final class Server
{
    /** Between the choice of a port and its use somebody else can take it. */
    private const STARTS = 3;

    private function __construct(public readonly Process $process, private readonly int $port)
    {
    }

    /**
     * @param list<string> $command what listens on the environment's PORT
     * @param array<string, string> $environment
     */
    public static function start(array $command, string $folder, array $environment): self
    {
        for ($i = 0; $i < self::STARTS; $i++) {
            $port = self::freePort();
            $process = new Process($command, $folder, ['PORT' => (string) $port] + $environment);
            if ($process->line(2, ') started') !== null) {
                return new self($process, $port);
            }
        }
        throw new \RuntimeException(implode(' ', $command) . ' did not start');
    }

    /**
     * One of `php -S`, for a script of the tests.
     *
     * @param array<string, string> $environment
     */
    public static function ofScript(string $script, array $environment = []): self
    {
        $command = ['sh', '-c', 'exec php -d display_errors=0 -S "127.0.0.1:$PORT" "$1"', 'sh', $script];
        return self::start($command, dirname($script), $environment);
    }

    /**
     * Sends a request and reads its answer, no further than its length says.
     *
     * @param list<string> $headers lines
     * @return array{status: int, headers: string, body: string}
     */
    public function post(string $path, string $body, array $headers): array
    {
        $socket = fsockopen('127.0.0.1', $this->port, timeout: 10.0);
        if ($socket === false) {
            throw new \RuntimeException('no connection');
        }
        stream_set_timeout($socket, 10);
        $lines = ["POST $path HTTP/1.1", 'Host: localhost', 'Content-Length: ' . strlen($body), ...$headers];
        fwrite($socket, implode("\r\n", $lines) . "\r\n\r\n" . $body);
        $head = '';
        while (!str_ends_with($head, "\r\n\r\n")) {
            $line = fgets($socket);
            if ($line === false) {
                throw new \RuntimeException("the answer broke off: $head");
            }
            $head .= $line;
        }
        $status = (int) substr($head, 9, 3);
        $length = preg_match('/^content-length: (\d+)/mi', $head, $found) === 1 ? (int) $found[1] : null;
        $body = $status === 204 ? '' : (string) stream_get_contents($socket, $length);
        fclose($socket);
        return ['status' => $status, 'headers' => $head, 'body' => $body];
    }

    /** @return array{status: int, headers: string, body: string} */
    public function send(Request $request, string $path = '/webhooks'): array
    {
        $lines = array_map(
            fn (string $name, string $value): string => "$name: $value",
            array_keys($request->headers),
            $request->headers,
        );
        return $this->post($path, $request->body, ['Content-Type: application/json', ...$lines]);
    }

    private static function freePort(): int
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');
        if ($listener === false) {
            throw new \RuntimeException('no free port');
        }
        $name = (string) stream_socket_get_name($listener, false);
        fclose($listener);
        return (int) substr($name, (int) strrpos($name, ':') + 1);
    }
}
