"""Act once with no gap: the id and the work are one transaction of the receiver's database.

Written for sqlite3; with another driver of DB-API 2.0 only the placeholder differs.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from waxwing_receiver import Event

TABLE = """CREATE TABLE IF NOT EXISTS webhook_seen (
    id TEXT PRIMARY KEY, seen_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"""
REMEMBER = "INSERT INTO webhook_seen (id) VALUES (?) ON CONFLICT DO NOTHING"


def once(
    db: sqlite3.Connection,
    event: Event[str, Any],
    work: Callable[[sqlite3.Connection, Event[str, Any]], None],
) -> bool:
    """Whether the work was done: False for a duplicate. An error of it undoes all."""
    with db:  # commits, or rolls back what was raised
        if db.execute(REMEMBER, (event.id,)).rowcount == 0:
            return False
        work(db, event)
        return True
