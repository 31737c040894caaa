<?php

/**
 * Reads what all libraries are held to, receivers/vectors/*.json.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use Waxwing\Receiver\Options;
use Waxwing\Receiver\Scheme;

final class Vectors
{
    public const ROOT = __DIR__ . '/../../..';
    private const FOLDER = self::ROOT . '/receivers/vectors';

    private function __construct()
    {
    }

    /** @return array<string, mixed> */
    public static function file(string $name): array
    {
        $text = (string) file_get_contents(self::FOLDER . "/$name.json");
        return json_decode($text, true, 512, JSON_THROW_ON_ERROR);
    }

    /** @return iterable<string, array{array<string, mixed>, Options}> each vector, with its options */
    public static function all(): iterable
    {
        foreach (['standard', 'signing-key', 'plain'] as $name) {
            $file = self::file($name);
            foreach ($file['vectors'] as $vector) {
                $vector['body'] ??= base64_decode($vector['body_base64'], true);
                $tolerance = $vector['tolerance'] ?? Options::TOLERANCE;
                yield "$name: {$vector['name']}" => [
                    $vector,
                    new Options(Scheme::from($file['scheme']), $tolerance, $vector['now']),
                ];
            }
        }
    }

    /** @return array<string, mixed> the genuine request of the file */
    public static function genuine(string $name): array
    {
        return self::file($name)['vectors'][0];
    }
}
