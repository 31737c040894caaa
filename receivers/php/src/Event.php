<?php

/**
 * An event whose signature was verified.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

/**
 * @template-covariant T of what the data is: mixed until read() has read it
 */
final class Event implements \JsonSerializable
{
    /**
     * @param string $id the same each time the event comes: act on each once
     * @param string $type a dotted name such as `deposit.completed`
     * @param \DateTimeImmutable $createdAt when it happened; order is not promised, so compare it
     * @param T $data what happened
     */
    public function __construct(
        public readonly string $id,
        public readonly string $type,
        public readonly \DateTimeImmutable $createdAt,
        public readonly mixed $data,
    ) {
    }

    /**
     * The same event with its data made into what you call this type, or null when it is of none
     * of these types: platforms add types, and a receiver takes them without an error.
     *
     * @template U
     * @param array<string, \Closure(mixed): U> $types how to read the data of each type
     * @return self<U>|null
     */
    public function read(array $types): ?self
    {
        $read = $types[$this->type] ?? null;
        return $read === null ? null : new self($this->id, $this->type, $this->createdAt, $read($this->data));
    }

    /**
     * The event as JSON, to keep it until it is worked on. Numbers may be written differently
     * from how they came; who needs every digit keeps the raw body.
     *
     * @return array{id: string, type: string, created_at: string, data: T}
     */
    public function jsonSerialize(): array
    {
        return [
            'id' => $this->id,
            'type' => $this->type,
            'created_at' => $this->createdAt->format('Y-m-d\TH:i:s.vp'),
            'data' => $this->data,
        ];
    }
}
