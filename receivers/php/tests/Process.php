<?php

/**
 * A process that a test starts, reads from line by line with a bound, and ends.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

final class Process
{
    /** What anything here may take; it is a bound, not a wait. */
    private const SECONDS = 20;

    /** @var resource */
    private mixed $process;

    /** @var array<int, resource> */
    private array $pipes;

    /** @var array<int, string> what was read of each pipe and is no whole line yet */
    private array $rest = [1 => '', 2 => ''];

    /**
     * @param list<string> $command
     * @param array<string, string> $environment beside PATH, which is all else that it has
     */
    public function __construct(array $command, string $folder, array $environment = [])
    {
        $environment['PATH'] = (string) getenv('PATH');
        $pipes = [1 => ['pipe', 'w'], 2 => ['pipe', 'w']];
        $process = proc_open($command, [['file', '/dev/null', 'r'], ...$pipes], $opened, $folder, $environment);
        if ($process === false) {
            throw new \RuntimeException("$command[0] cannot be run");
        }
        $this->process = $process;
        $this->pipes = $opened;
        foreach ($opened as $pipe) {
            stream_set_blocking($pipe, false);
        }
    }

    public function __destruct()
    {
        $this->end();
    }

    /** The first line of stdout (1) or stderr (2) from now on that holds this text; null at the end. */
    public function line(int $pipe, string $text): ?string
    {
        $until = microtime(true) + self::SECONDS;
        while (true) {
            while (($at = strpos($this->rest[$pipe], "\n")) !== false) {
                $line = substr($this->rest[$pipe], 0, $at);
                $this->rest[$pipe] = substr($this->rest[$pipe], $at + 1);
                if (str_contains($line, $text)) {
                    return $line;
                }
            }
            if (feof($this->pipes[$pipe])) {
                return null;
            }
            $this->read($pipe, $until, $text);
        }
    }

    /** All that is still to come, until nobody holds the pipe any more: it and all its children. */
    public function rest(int $pipe): string
    {
        $until = microtime(true) + self::SECONDS;
        while (!feof($this->pipes[$pipe])) {
            $this->read($pipe, $until, 'its end');
        }
        return $this->rest[$pipe];
    }

    /** Asks it to end, and waits until it and all its children have. */
    public function end(): void
    {
        if (is_resource($this->process)) {
            proc_terminate($this->process, SIGTERM);
            $this->rest(1);
            $this->rest(2);
            proc_close($this->process);
        }
    }

    /** The exit code of one that ends by itself. */
    public function code(): int
    {
        $this->rest(1);
        $this->rest(2);
        return proc_close($this->process);
    }

    private function read(int $pipe, float $until, string $text): void
    {
        [$read, $none] = [[$this->pipes[$pipe]], null];
        $left = $until - microtime(true);
        if ($left <= 0 || stream_select($read, $none, $none, (int) $left, 500_000) === 0) {
            throw new \RuntimeException('waited too long for ' . json_encode($text));
        }
        $this->rest[$pipe] .= fread($this->pipes[$pipe], 65536);
    }
}
