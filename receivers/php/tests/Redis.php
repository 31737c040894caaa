<?php

/**
 * A Redis of a test's own, on a socket of its own. It ends with this object.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

final class Redis
{
    public readonly string $socket;

    private readonly string $folder;

    private readonly Process $server;

    public function __construct()
    {
        $this->folder = sys_get_temp_dir() . '/redis' . bin2hex(random_bytes(8));
        $this->socket = "$this->folder/socket";
        mkdir($this->folder, 0700);
        $command = ['redis-server', '--port', '0', '--unixsocket', $this->socket, '--save', ''];
        $this->server = new Process($command, $this->folder);
        if ($this->server->line(1, 'ready to accept connections') === null) {
            throw new \RuntimeException('redis-server did not start');
        }
    }

    public function __destruct()
    {
        $this->server->end();
        rmdir($this->folder);
    }
}
