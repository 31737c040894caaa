"""Ids in a real Redis and in a real transaction, and receivers that lack their secrets."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import redis

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER))

from waxwing_receiver import Event  # noqa: E402

from redis_seen import RedisSeen  # noqa: E402
from sql_once import TABLE, once  # noqa: E402

EVENT: Event[str, Any] = Event("evt_1", "a.b", datetime.now(timezone.utc), {"amount": 1})


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert any("Ready to accept connections" in line for line in process.stdout)
        try:
            with redis.Redis(port=port) as client:
                yield client
        finally:
            process.terminate()


def test_redis_finds_an_id_new_once_and_again_when_it_was_forgotten(server: redis.Redis) -> None:
    seen = RedisSeen(server)
    assert [seen.seen("a"), seen.seen("a")] == [False, True]
    seen.forget("a")
    assert not seen.seen("a")


def test_of_many_who_ask_redis_at_once_one_finds_an_id_new(server: redis.Redis) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: RedisSeen(server).seen("b"), range(40)))
    assert found.count(False) == 1


def test_redis_forgets_ids_by_itself(server: redis.Redis) -> None:
    RedisSeen(server, ttl=1000, prefix="here:").seen("c")
    assert 990 <= server.ttl("here:c") <= 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "receiver.db"
    with sqlite3.connect(path) as db:
        db.execute(TABLE)
        db.execute("CREATE TABLE booked (amount INTEGER)")
    return path


def book(db: sqlite3.Connection, event: Event[str, Any]) -> None:
    db.execute("INSERT INTO booked VALUES (?)", (event.data["amount"],))


def booked(path: Path) -> int:
    return int(sqlite3.connect(path).execute("SELECT count(*) FROM booked").fetchone()[0])


def test_a_duplicate_finds_the_row_and_does_nothing(path: Path) -> None:
    db = sqlite3.connect(path)
    assert [once(db, EVENT, book), once(db, EVENT, book)] == [True, False]
    assert booked(path) == 1


def test_work_that_fails_leaves_neither_the_work_nor_the_id(path: Path) -> None:
    def fail(db: sqlite3.Connection, event: Event[str, Any]) -> None:
        book(db, event)
        raise OSError

    db = sqlite3.connect(path)
    with pytest.raises(OSError):  # noqa: PT011
        once(db, EVENT, fail)
    assert booked(path) == 0
    assert once(db, EVENT, book)


def test_of_many_connections_at_once_one_does_the_work(path: Path) -> None:
    def attempt(_: int) -> bool:
        db = sqlite3.connect(path, timeout=30)
        return once(db, EVENT, book)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(24))).count(True) == 1
    assert booked(path) == 1


@pytest.mark.parametrize(
    "receiver",
    json.loads((FOLDER / "contract.json").read_text("utf-8"))["receivers"],
    ids=lambda receiver: receiver["name"],
)
def test_a_receiver_without_secrets_refuses_to_start(receiver: dict[str, Any]) -> None:
    environment = {"PORT": "0", "PATH": os.environ["PATH"]}
    command = [sys.executable, *receiver["command"][1:]]
    ended = subprocess.run(
        command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr == "WEBHOOK_SECRETS is missing\n"
