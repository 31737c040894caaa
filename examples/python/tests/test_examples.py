"""Ids in a real Redis and in a real transaction, and receivers that lack their secrets."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
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


def lose_first_reply(link: socket.socket, port: int) -> None:
    """Take the part of a network that loses the reply to the first SET of an id."""
    is_lost = False
    with contextlib.suppress(OSError):  # the test closes the link when it has ended
        while True:
            client, _ = link.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as upstream:
                while command := client.recv(65536):
                    upstream.sendall(command)
                    reply = upstream.recv(65536)
                    if b"webhook:" in command and not is_lost:
                        is_lost = True
                        break
                    client.sendall(reply)


def test_an_id_whose_reply_was_lost_is_not_taken_for_a_duplicate(server: redis.Redis) -> None:
    port = server.connection_pool.connection_kwargs["port"]
    with socket.create_server(("127.0.0.1", 0)) as link:
        threading.Thread(target=lose_first_reply, args=(link, port), daemon=True).start()
        with redis.Redis(port=link.getsockname()[1], socket_timeout=10) as client:
            assert [RedisSeen(client).seen("d"), RedisSeen(client).seen("d")] == [False, True]


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
