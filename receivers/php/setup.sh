#!/bin/sh
# Installs what the PHP library's tests and the examples need, and makes their autoloaders. On
# Debian as root it does so; otherwise it says what to install.
set -u
cd "$(dirname "$0")" || exit 1

missing=
# need PACKAGE CHECK...
need() {
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}
extension() { php -r "exit(extension_loaded('$1') ? 0 : 1);"; }
library() { php -r "exit(stream_resolve_include_path('$1/autoload.php') ? 0 : 1);"; }

need php-cli command -v php
need composer command -v composer
need phpunit command -v phpunit
need php-codesniffer command -v phpcs
need php-xml extension dom
need php-mbstring extension mbstring
need php-sqlite3 extension pdo_sqlite
need php-redis extension redis
need redis-server command -v redis-server
need php-nyholm-psr7 library Nyholm/Psr7
need php-guzzlehttp-psr7 library GuzzleHttp/Psr7
need php-laravel-framework library Illuminate
need procps command -v pgrep

if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: the PHP library's tests need more; on Debian and Ubuntu: apt-get install$missing" >&2
    exit 1
  fi
  # The tests start servers of their own: the packages must not.
  RUNLEVEL=1
  export RUNLEVEL
  # The names of packages, one word each.
  # shellcheck disable=SC2086
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } || {
    echo "setup: apt-get could not install$missing" >&2
    exit 1
  }
fi

# Composer is to use what is here: neither the network nor anything in the home of whoever runs it.
COMPOSER_HOME=$(cd ../.. && pwd)/target/receivers/php/composer
COMPOSER_ALLOW_SUPERUSER=1
COMPOSER_DISABLE_NETWORK=1
export COMPOSER_HOME COMPOSER_ALLOW_SUPERUSER COMPOSER_DISABLE_NETWORK
mkdir -p "$COMPOSER_HOME" || exit 1

# old FOLDER: whether its autoloader is older than what it is made of.
old() {
  ! { [ "$1/vendor/autoload.php" -nt composer.json ] && [ "$1/vendor/autoload.php" -nt "$1/composer.json" ]; }
}
examples=../../examples/php
if old .; then
  { composer dump-autoload --dev --quiet && touch vendor/autoload.php; } || exit 1
fi
if old $examples; then
  { composer install --no-interaction --quiet --working-dir=$examples && touch $examples/vendor/autoload.php; } ||
    exit 1
fi
