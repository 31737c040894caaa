<?php

/**
 * Remembers ids by a unique key of an SQL table. Works with SQLite, PostgreSQL and MySQL as it is.
 */

declare(strict_types=1);

namespace Example;

use Waxwing\Receiver\Seen;

final class PdoSeen implements Seen
{
    /** The class of SQLSTATE for a key that is there already. */
    private const VIOLATION = '23';

    public function __construct(private readonly \PDO $db)
    {
        $db->setAttribute(\PDO::ATTR_ERRMODE, \PDO::ERRMODE_EXCEPTION);
        // A migration in your project. Delete rows when they are a month old: seen_at is for that.
        $db->exec('CREATE TABLE IF NOT EXISTS webhook_seen (id VARCHAR(256) PRIMARY KEY, seen_at BIGINT NOT NULL)');
    }

    public function seen(string $id): bool
    {
        try {
            $this->db->prepare('INSERT INTO webhook_seen (id, seen_at) VALUES (?, ?)')->execute([$id, time()]);
            return false;
        } catch (\PDOException $error) {
            return str_starts_with((string) $error->getCode(), self::VIOLATION) ? true : throw $error;
        }
    }

    public function forget(string $id): void
    {
        $this->db->prepare('DELETE FROM webhook_seen WHERE id = ?')->execute([$id]);
    }
}
