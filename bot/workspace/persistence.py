"""The workspace's state on disk: one SQLite file, written by one thread, many changes in one transaction.

A change is written whole or not at all, and `settled()` returns only when it is written: an app that was told "ok"
finds its message again after any crash of the process.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bot.workspace.model import Change, Conversation, Group, Message, Person, ResponseUrl, Scheduled, Session, View

FILE_NAME = "workspace.sqlite3"
_SCHEMA = "CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT"

Record = Message | Conversation | View | Session | Scheduled | ResponseUrl | Person | Group
_ABOUT_A_CONVERSATION = ("channel_created", "channel_renamed", "member_joined", "member_left")
_Key = tuple[str, str]


class Journal:
    """Keeps records by kind and key; a later record replaces an earlier one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="workspace-journal")
        self._dirty: dict[_Key, Record | None] = {}
        self._next: asyncio.Future[None] | None = None  # done when what is dirty now is on disk
        self._current: asyncio.Future[None] | None = None  # done when the batch being written is
        self._writer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, folder: Path) -> Journal:
        return cls(await asyncio.to_thread(_connect, folder))

    async def load(self) -> dict[str, list[Record]]:
        """Everything kept, by kind, in the order it first came."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    def put(self, kind: str, key: str, record: Record | None) -> None:
        """Has a record written soon; None removes it. The record is read when it is written, not now."""
        self._dirty[kind, key] = record
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    async def settled(self) -> None:
        """Returns when all that was put so far is on disk. Raises `sqlite3.Error` when it could not be written."""
        written = self._next or self._current
        if written is not None:
            await asyncio.shield(written)

    async def close(self) -> None:
        try:
            await self.settled()
        finally:
            self._thread.shutdown()
            self._connection.close()

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._next is not None:
            batch, self._dirty = self._dirty, {}
            written, self._next = self._next, None
            self._current = written
            rows = [(kind, key, _dump(record) if record else None) for (kind, key), record in batch.items()]
            try:
                await loop.run_in_executor(self._thread, self._write, rows)
            except sqlite3.Error as error:
                self._dirty = {**batch, **self._dirty}  # tried again with the next change
                written.set_exception(error)
                written.exception()  # retrieved: not everybody who puts also waits
            else:
                written.set_result(None)
            self._current = None

    def _write(self, rows: list[tuple[str, str, str | None]]) -> None:
        with self._connection as connection:
            connection.executemany(
                "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                [row for row in rows if row[2] is not None],
            )
            connection.executemany(
                "DELETE FROM records WHERE kind = ? AND key = ?", [row[:2] for row in rows if row[2] is None]
            )

    def _load(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {kind: [] for kind in _TYPES}
        for kind, body in self._connection.execute("SELECT kind, body FROM records ORDER BY rowid"):
            if kind in _TYPES:
                found[kind].append(_TYPES[kind](**json.loads(body)))
        return found


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where the keeper finds what a change is about."""

    people: dict[str, Person]
    groups: dict[str, Group]
    conversations: dict[str, Conversation]
    homes: dict[str, View]
    sessions: dict[tuple[str, str], Session]


class Keeper:
    """Has every change of the state journalled that a restart must find again."""

    def __init__(self, journal: Journal, lookup: Lookup) -> None:
        self._journal = journal
        self._lookup = lookup

    def observe(self, change: Change) -> None:
        if change.kind.startswith(("message", "reaction")):
            message = change.message
            if message is not None and message.ephemeral_to is None:
                gone = change.kind == "message_deleted"
                self._journal.put("message", f"{message.channel}:{message.ts}", None if gone else message)
        elif change.kind in _ABOUT_A_CONVERSATION and change.channel:
            self._journal.put("conversation", change.channel, self._lookup.conversations[change.channel])
        elif change.kind == "person_changed" and change.actor:
            self._journal.put("person", change.actor, self._lookup.people[change.actor])
        elif change.kind == "group_changed" and change.name:
            self._journal.put("group", change.name, self._lookup.groups[change.name])
        elif change.kind == "home" and change.person:
            self._journal.put("home", change.person, self._lookup.homes[change.person])
        elif change.kind == "session" and change.channel and change.thread_ts:
            key = (change.channel, change.thread_ts)
            self._journal.put("session", ":".join(key), self._lookup.sessions[key])


_TYPES: dict[str, Any] = {
    "message": Message,
    "conversation": Conversation,
    "home": View,
    "session": Session,
    "scheduled": Scheduled,
    "response": ResponseUrl,
    "person": Person,
    "group": Group,
}


def _dump(record: Record) -> str:
    return json.dumps({one.name: getattr(record, one.name) for one in fields(record)}, ensure_ascii=False)


def _connect(folder: Path) -> sqlite3.Connection:
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / FILE_NAME, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(_SCHEMA)
    connection.commit()
    return connection
