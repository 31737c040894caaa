#!/bin/sh
# Every check of the PHP library and its examples: syntax, style, Composer's own, the tests, and
# whether the benchmark runs. Prints the tests' sum as "test result:"; fails if anything fails.
set -u
cd "$(dirname "$0")" || exit 1
./setup.sh || exit 1

work=../../target/receivers/php
mkdir -p "$work" || exit 1
examples=../../examples/php
status=0
failed() {
  echo "check: $1" >&2
  status=1
}

# Compiles every file; a warning or a deprecation is an error too.
lint() {
  find . $examples -name '*.php' -not -path '*/vendor/*' -not -path '*/cache/*' -print0 |
    xargs -0 -n 1 -P 2 php -d error_reporting=-1 -d display_errors=1 -l |
    grep -v -e '^No syntax errors detected in ' -e '^$'
}

lint && failed 'a file has syntax errors or warnings'
phpcs -s --standard=phpcs.xml.dist . $examples || failed 'phpcs found something'

COMPOSER_HOME=$(cd ../.. && pwd)/target/receivers/php/composer
COMPOSER_ALLOW_SUPERUSER=1
COMPOSER_DISABLE_NETWORK=1
export COMPOSER_HOME COMPOSER_ALLOW_SUPERUSER COMPOSER_DISABLE_NETWORK
for folder in . $examples; do
  composer validate --strict --quiet --working-dir=$folder ||
    failed "composer validate --strict --working-dir=receivers/php/$folder"
done

rm -f "$work/junit.xml"
phpunit --log-junit "$work/junit.xml" || failed 'a test failed'
# The sum, in the words that all tests of this repository use.
php -r '
  $suite = @simplexml_load_file($argv[1])->testsuite ?? exit("test result: FAILED. 0 passed; 1 failed; 0 ignored;\n");
  $failed = $suite["errors"] + $suite["failures"] + $suite["warnings"];
  $passed = $suite["tests"] - $failed - $suite["skipped"];
  printf("test result: %s. %d passed; %d failed; %d ignored;\n",
    $failed > 0 ? "FAILED" : "ok", $passed, $failed, $suite["skipped"]);
' "$work/junit.xml"

php bench.php --quick >/dev/null || failed 'the benchmark does not run'
exit "$status"
