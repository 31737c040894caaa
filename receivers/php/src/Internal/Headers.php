<?php

/**
 * The headers of a request, whatever their case and however a framework hands them over.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Internal;

use Waxwing\Receiver\Reason;
use Waxwing\Receiver\Scheme;
use Waxwing\Receiver\VerificationException;

/** @internal */
final class Headers
{
    /** @param array<string, list<string>> $values by name in lowercase */
    private function __construct(private readonly array $values)
    {
    }

    /** @param iterable<array-key, mixed> $headers */
    public static function of(iterable $headers): self
    {
        $values = [];
        foreach ($headers as $name => $given) {
            foreach (is_array($given) ? $given : [$given] as $value) {
                if (is_string($value)) {
                    $values[strtolower((string) $name)][] = $value;
                } elseif ($value !== null) {
                    $type = get_debug_type($value);
                    throw new \InvalidArgumentException("The header $name is $type: give texts, as they came.");
                }
            }
        }
        return new self($values);
    }

    /**
     * The headers in $_SERVER by their names: HTTP_WEBHOOK_ID is webhook-id.
     *
     * @param array<array-key, mixed> $server
     * @return array<string, string>
     */
    public static function namesOf(array $server): array
    {
        $headers = [];
        foreach ($server as $key => $value) {
            if (is_string($value) && str_starts_with((string) $key, 'HTTP_')) {
                $headers[strtr(substr((string) $key, 5), '_', '-')] = $value;
            }
        }
        return $headers;
    }

    /**
     * The value of each header. A missing one counts before a repeated one, and that before a
     * malformed one, whichever header it is.
     *
     * @return list<string>
     */
    public function read(Scheme $scheme, HeaderRule ...$rules): array
    {
        foreach ($rules as $rule) {
            if (!isset($this->values[$rule->name])) {
                $detail = "The header $rule->name is missing." . $this->hintOf($scheme->other());
                throw new VerificationException(Reason::MissingHeader, $detail);
            }
        }
        foreach ($rules as $rule) {
            $values = $this->values[$rule->name];
            if (count($values) > 1 || preg_match($rule->joined, $values[0]) === 1) {
                $detail = "The header $rule->name came more than once. Does a proxy add it a second time?";
                throw new VerificationException(Reason::RepeatedHeader, $detail);
            }
        }
        $read = [];
        foreach ($rules as $rule) {
            $read[] = $value = $this->values[$rule->name][0];
            if (preg_match($rule->valid, $value) !== 1) {
                $detail = "The header $rule->name is malformed: it must be $rule->expected.";
                throw new VerificationException(Reason::MalformedHeader, $detail);
            }
        }
        return $read;
    }

    /** Whoever mixes up the schemes is told so. */
    private function hintOf(Scheme $other): string
    {
        $header = $other->signatureHeader();
        $there = isset($this->values[$header]);
        return $there ? " There is $header, which the receiver does not look at: its scheme is $other->value." : '';
    }
}
