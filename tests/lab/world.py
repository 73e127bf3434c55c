"""The world of the laboratory: what was done to it, one line each, in a file that outlives any process."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.contracts.tools import Call


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect: `action` is the idempotency key it came with, `owner` whom it was done for. `again`: the key had
    been here before, so nothing more happened; it is told all the same, since nobody should have asked twice."""

    action: str
    owner: str
    call: Call
    again: bool = False


class World:
    """Any number of processes may write to one; each effect is one line, written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def do(self, action: str, owner: str, call: Call) -> Entry:
        """Make it happen, once per key."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            with open(file, "rb", closefd=False) as lines:
                again = _key(action) in lines.read()
            line = {"action": action, "owner": owner, "tool": call.tool, "args": call.args, "again": again}
            os.write(file, json.dumps(line).encode() + b"\n")
        finally:
            os.close(file)
        return Entry(action, owner, call, again)

    def found(self, action: str) -> Entry | None:
        """What was done under that key."""
        return next((entry for entry in self.entries() if entry.action == action), None)

    def entries(self) -> Sequence[Entry]:
        """Everything that was ever asked of it, in order."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        read = [json.loads(line) for line in lines]
        return [Entry(one["action"], one["owner"], Call(one["tool"], one["args"]), one["again"]) for one in read]

    def effects(self) -> Sequence[Call]:
        """What happened, in order."""
        return [entry.call for entry in self.entries() if not entry.again]

    def asked_again(self) -> Sequence[Entry]:
        """Effects that were asked for twice under one key: with a service that takes no key, they would be double."""
        return [entry for entry in self.entries() if entry.again]


def _key(action: str) -> bytes:
    return b'{"action": ' + json.dumps(action).encode() + b","
