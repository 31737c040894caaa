<?php

/**
 * Deduplication in a real database, across processes and in one transaction with the work.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests\Examples;

use Example\Once;
use Example\PdoSeen;
use PHPUnit\Framework\TestCase;
use Waxwing\Receiver\Event;
use Waxwing\Receiver\Tests\Process;
use Waxwing\Receiver\Tests\Request;

final class SqlTest extends TestCase
{
    private const PROCESSES = 4;
    private const IDS = 50;

    private string $file;

    private \PDO $db;

    protected function setUp(): void
    {
        $this->file = (string) tempnam(sys_get_temp_dir(), 'webhooks');
        $this->db = new \PDO("sqlite:$this->file");
    }

    protected function tearDown(): void
    {
        unlink($this->file);
    }

    public function testAnIdIsNewOnceAndAgainWhenForgotten(): void
    {
        $seen = new PdoSeen($this->db);
        self::assertSame([false, true, false], [$seen->seen('a'), $seen->seen('a'), $seen->seen('b')]);
        $seen->forget('a');
        self::assertSame([false, true], [$seen->seen('a'), $seen->seen('b')]);
    }

    public function testAnIdIsRememberedByOthers(): void
    {
        (new PdoSeen($this->db))->seen('a');
        self::assertTrue((new PdoSeen(new \PDO("sqlite:$this->file")))->seen('a'));
    }

    public function testOfSeveralProcessesOneIsFirstEvenBeforeTheTableIsThere(): void
    {
        $command = [PHP_BINARY, __DIR__ . '/race.php', $this->file, (string) self::IDS];
        $start = fn (): Process => new Process($command, __DIR__);
        $processes = array_map($start, range(1, self::PROCESSES));
        $new = array_map(fn (Process $process): int => (int) $process->line(1, ''), $processes);
        self::assertSame(self::IDS, array_sum($new));
    }

    public function testAnotherFailureOfTheDatabaseIsNoDuplicate(): void
    {
        $seen = new PdoSeen($this->db);
        $this->db->exec('DROP TABLE webhook_seen');
        $this->expectException(\PDOException::class);
        $seen->seen('a');
    }

    public function testTheWorkIsDoneOnceInOneTransactionWithTheId(): void
    {
        $event = $this->event();
        $work = fn (Event $event): mixed => $this->db->exec("INSERT INTO work VALUES ('$event->type')");
        self::assertSame([true, false], [Once::act($this->db, $event, $work), Once::act($this->db, $event, $work)]);
        self::assertSame(['deposit.completed'], $this->column('SELECT type FROM work'));
    }

    public function testWorkThatFailsLeavesNothingBehind(): void
    {
        $event = $this->event();
        $fail = function (Event $event): void {
            $this->db->exec("INSERT INTO work VALUES ('$event->type')");
            throw new \DomainException('half done');
        };
        try {
            Once::act($this->db, $event, $fail);
            self::fail('the failure was hidden');
        } catch (\DomainException) {
            self::assertSame([], $this->column('SELECT id FROM webhook_seen'));
            self::assertSame([], $this->column('SELECT type FROM work'));
        }
        self::assertTrue(Once::act($this->db, $event, fn (): mixed => null));
    }

    /** @return Event<mixed> */
    private function event(): Event
    {
        new PdoSeen($this->db);
        $this->db->exec('CREATE TABLE work (type TEXT)');
        return new Event('evt_1', 'deposit.completed', new \DateTimeImmutable(Request::CREATED_AT), []);
    }

    /** @return list<mixed> */
    private function column(string $query): array
    {
        $result = $this->db->query($query);
        self::assertNotFalse($result);
        return $result->fetchAll(\PDO::FETCH_COLUMN);
    }
}
