<?php

/**
 * What every file keeps, since no static analyser looks at them: declared types everywhere, strict
 * ones, and a header that says what the file is for.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;

final class SourcesTest extends TestCase
{
    private const MAX_LINES = 400;

    /** @return iterable<string, array{string}> */
    public static function files(): iterable
    {
        foreach (['receivers/php', 'examples/php'] as $folder) {
            $root = Vectors::ROOT . "/$folder";
            $all = new \RecursiveIteratorIterator(
                new \RecursiveDirectoryIterator($root, \FilesystemIterator::SKIP_DOTS),
            );
            foreach ($all as $file) {
                $name = substr((string) $file, strlen($root) + 1);
                $made = preg_match('#^vendor/|^laravel/(bootstrap/cache|storage)/#', $name) === 1;
                if (!$made && str_ends_with($name, '.php')) {
                    yield "$folder/$name" => [(string) $file];
                }
            }
        }
    }

    /** @return iterable<string, array{class-string}> */
    public static function classes(): iterable
    {
        foreach (self::files() as $name => [$file]) {
            $text = (string) file_get_contents($file);
            $pattern = '/^namespace (\S+);.*^(?:final )?(?:class|interface|enum) (\w+)/ms';
            if (preg_match($pattern, $text, $found) === 1 && !str_starts_with($found[1], 'App\\')) {
                yield "$found[1]\\$found[2]" => ["$found[1]\\$found[2]"];
            }
        }
    }

    /** @dataProvider files */
    public function testAFileSaysWhatItIsForAndIsStrict(string $file): void
    {
        $text = (string) file_get_contents($file);
        $header = '#\A<\?php\n\n/\*\*\n( \* .+\n)+ \*/\n\ndeclare\(strict_types=1\);\n#';
        self::assertMatchesRegularExpression($header, $text);
        self::assertLessThanOrEqual(self::MAX_LINES, substr_count($text, "\n"));
    }

    /**
     * @dataProvider classes
     * @param class-string $name
     */
    public function testEverythingHasADeclaredType(string $name): void
    {
        $class = new \ReflectionClass($name);
        $bare = [];
        foreach ($class->getProperties() as $property) {
            if ($property->getDeclaringClass()->name === $name && !$property->hasType()) {
                $bare[] = "\$$property->name";
            }
        }
        foreach ($class->getMethods() as $method) {
            if ($method->getDeclaringClass()->name === $name) {
                array_push($bare, ...self::bareOf($method));
            }
        }
        self::assertSame([], $bare, "$name: declare their types");
    }

    public function testNoClassOfTheLibraryCanBeExtended(): void
    {
        foreach (self::classes() as [$name]) {
            $class = new \ReflectionClass($name);
            if (str_starts_with($name, 'Waxwing\Receiver\\') && !$class->isInterface()) {
                self::assertTrue($class->isFinal(), "$name: final");
            }
        }
    }

    public function testAMissingTypeWouldBeNoticed(): void
    {
        $bare = new \ReflectionMethod(new class {
            public function bare($parameter)
            {
                return $parameter;
            }
        }, 'bare');
        self::assertSame(['bare($parameter)', 'bare()'], self::bareOf($bare));
    }

    /** @return list<string> parameters and return of a method that have no type */
    private static function bareOf(\ReflectionMethod $method): array
    {
        $bare = [];
        foreach ($method->getParameters() as $parameter) {
            if (!$parameter->hasType()) {
                $bare[] = "$method->name(\$$parameter->name)";
            }
        }
        $returns = $method->hasReturnType() || in_array($method->name, ['__construct', '__destruct'], true)
            || !$method->isUserDefined();
        return $returns ? $bare : [...$bare, "$method->name()"];
    }
}
