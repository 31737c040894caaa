<?php

/**
 * The package as Composer makes and installs it, without a network.
 */

declare(strict_types=1);

namespace Waxwing\Receiver\Tests;

use PHPUnit\Framework\TestCase;

final class PackageTest extends TestCase
{
    private const PACKAGE = Vectors::ROOT . '/receivers/php';

    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/package' . bin2hex(random_bytes(8));
        mkdir($this->folder, 0700);
    }

    protected function tearDown(): void
    {
        (new Process(['rm', '-rf', $this->folder], '/'))->code();
    }

    public function testTheArchiveHasWhatUsersNeedAndNothingElse(): void
    {
        $this->composer(['archive', '--format=tar', "--dir=$this->folder", '--file=package'], self::PACKAGE);
        $list = (new Process(['tar', '-tf', "$this->folder/package.tar"], '/'))->rest(1);
        $files = array_filter(explode("\n", $list), fn (string $file): bool => !str_ends_with($file, '/'));
        $sources = preg_grep('#^src/(\w+/)?\w+\.php$#', $files) ?: [];
        $others = array_values(array_filter(array_diff($files, $sources)));
        sort($others);
        self::assertGreaterThan(10, count($sources));
        self::assertSame(['CHANGELOG.md', 'LICENSE', 'README.md', 'composer.json'], $others);
    }

    public function testItIsInstalledAsThePageSays(): void
    {
        file_put_contents("$this->folder/composer.json", '{"repositories": {"packagist.org": false}}');
        $page = (string) file_get_contents(Vectors::ROOT . '/docs/receiving/php.md');
        self::assertSame(1, preg_match('/^```sh\n(composer.*?)^```$/ms', $page, $block));
        $commands = str_replace('/path/to/waxwing', (string) realpath(Vectors::ROOT), $block[1]);
        $this->runs(['sh', '-ec', $commands], $this->folder);
        $class = 'Waxwing\Receiver\Webhook';
        $code = "require 'vendor/autoload.php'; echo (new ReflectionClass('$class'))->getFileName();";
        $file = (new Process([PHP_BINARY, '-r', $code], $this->folder))->rest(1);
        self::assertSame(realpath(self::PACKAGE . '/src/Webhook.php'), realpath($file));
    }

    public function testTheLicenceIsThatOfTheRepository(): void
    {
        self::assertFileEquals(Vectors::ROOT . '/LICENSE', self::PACKAGE . '/LICENSE');
    }

    /** @param list<string> $arguments */
    private function composer(array $arguments, string $folder): void
    {
        $this->runs(['composer', '--no-interaction', ...$arguments], $folder);
    }

    /** @param list<string> $command */
    private function runs(array $command, string $folder): void
    {
        $environment = [
            'COMPOSER_HOME' => "$this->folder/home",
            'COMPOSER_ALLOW_SUPERUSER' => '1',
            'COMPOSER_DISABLE_NETWORK' => '1',
        ];
        $process = new Process($command, $folder, $environment);
        $said = $process->rest(2);
        self::assertSame(0, $process->code(), $said);
    }
}
