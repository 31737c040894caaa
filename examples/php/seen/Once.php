<?php

/**
 * Acts on an event once, with no gap: its id and the work are one transaction. Whatever happens,
 * either both are there or neither is.
 */

declare(strict_types=1);

namespace Example;

use Waxwing\Receiver\Event;

final class Once
{
    /**
     * Whether the work was done: false for a duplicate.
     *
     * @param \Closure(Event<mixed>): void $work changes the same database; what it throws undoes all
     */
    public static function act(\PDO $db, Event $event, \Closure $work): bool
    {
        $db->beginTransaction();
        try {
            // MySQL: INSERT IGNORE INTO …
            $insert = $db->prepare('INSERT INTO webhook_seen (id, seen_at) VALUES (?, ?) ON CONFLICT DO NOTHING');
            $insert->execute([$event->id, time()]);
            $isNew = $insert->rowCount() === 1;
            if ($isNew) {
                $work($event);
            }
            $db->commit();
            return $isNew;
        } catch (\Throwable $error) {
            $db->rollBack();
            throw $error;
        }
    }
}
