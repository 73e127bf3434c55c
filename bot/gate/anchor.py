"""The head of the audit chain kept outside the database: in a file, in a Slack channel, or both.

A chain that was cut off at its end, or written anew by somebody with the key, is whole in itself. It shows against a
head that was kept where whoever changed the database could not change it too.
"""

import asyncio
import errno
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.contracts.errors import OperatorMends
from bot.contracts.slack import Message
from bot.gate.audit import Audit, Head

Post = Callable[[str, Message, str], Awaitable[object]]
"""Posts a message to a channel under a key: once for a key, however often it is asked to."""

_log = structlog.get_logger("gate.anchor")

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_HEAD = re.compile(
    r"(?<![0-9A-Za-z])(?:([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z)\s{1,9})?([1-9][0-9]{0,17})\s{1,9}([0-9a-f]{64})(?![0-9A-Za-z])"
)


def formatted(head: Head, now: datetime) -> str:
    """`TIME SEQ SEAL`: the time it was kept, in UTC to the second, and the head."""
    return f"{now.astimezone(UTC).strftime(_TIME)} {head.seq} {head.seal}"


def parsed(line: str) -> Head | None:
    """The head of one line, `TIME SEQ SEAL` or `SEQ SEAL`; None when the line is anything else."""
    found = _HEAD.fullmatch(line.strip())
    return _head(found) if found else None


def parse_heads(text: str) -> list[Head]:
    """Every head in a text, such as one copied from the channel the heads are posted to."""
    return [head for head in map(_head, _HEAD.finditer(text)) if head]


async def read(path: Path, *, is_begun: bool = True) -> list[Head]:
    """The heads in a file. Lines that are none are left out and reported in the log: nobody but MeshClaw has to write
    there. Raises OperatorMends when the file cannot be read; one that is perhaps not `is_begun` may lack."""
    try:
        text = (await asyncio.to_thread(path.read_bytes)).decode("utf-8", "replace")
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not is_begun:
            return []
        raise OperatorMends(
            f"The anchor file {path} cannot be read: {error.strerror}.",
            "Name another with --anchor. If it was there before, find out who took it away.",
        ) from None
    heads = []
    for number, line in enumerate(text.splitlines(), 1):
        if head := parsed(line):
            heads.append(head)
        elif line.strip():
            _log.warning("anchor line unreadable", code="anchor-junk", at=number)
    return heads


class Anchor:
    """Keeps the head in a file, which only ever grows, and in a channel: in neither, one or both."""

    def __init__(self, audit: Audit, *, file: str = "", channel: str = "", post: Post | None = None) -> None:
        self._audit = audit
        self._places: list[_File | _Channel] = []
        if file:
            self._places.append(_File(Path(file)))
        if channel and post:
            self._places.append(_Channel(channel, post))

    async def keep(self, now: datetime) -> None:
        """Keep the head where it is not kept yet. What fails is logged and tried again the next time; so is, loudly,
        that the chain no longer has the head that was kept last."""
        if not self._places:
            return
        head = await self._audit.head()
        for place in self._places:
            try:
                await self._keep(place, head, now)
            except Exception as error:
                _log.warning("audit head not kept", code="anchor-failed", where=place.name, error=type(error).__name__)

    async def _keep(self, place: "_File | _Channel", head: Head | None, now: datetime) -> None:
        last = place.last or await place.find_last()
        if last and head and (last.seq, last.seal) == (head.seq, head.seal):
            return
        if last and not await self._audit.stands(last):
            _log.error("audit changed: run meshclaw audit verify", code="anchor-broken", where=place.name, at=last.seq)
        if head:
            await place.keep(head, now)
        place.last = head


@dataclass
class _File:
    """One line a head. `last`: what was kept there last, as far as this process knows."""

    path: Path
    name: str = "file"
    last: Head | None = None

    async def find_last(self) -> Head | None:
        heads = await read(self.path, is_begun=False)
        return heads[-1] if heads else None

    async def keep(self, head: Head, now: datetime) -> None:
        await asyncio.to_thread(_append, self.path, formatted(head, now))


@dataclass
class _Channel:
    channel: str
    post: Post
    name: str = "channel"
    last: Head | None = None

    async def find_last(self) -> Head | None:
        return None

    async def keep(self, head: Head, now: datetime) -> None:
        words = "Where the audit stands, kept here so that nobody can cut it off or rewrite it unnoticed:"
        await self.post(
            self.channel, Message(f"{words} `{formatted(head, now)}`"), f"audit:{head.seq}:{head.seal[:16]}"
        )


def _append(path: Path, line: str) -> None:
    """Add a line, on disk when this returns. Raises OSError."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # the write before was cut off
        content = f"{chr(10) if is_torn else ''}{line}\n".encode()
        if os.write(descriptor, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        _settle(path.parent)


def _settle(folder: Path) -> None:
    """A new file's name is on disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _head(found: re.Match[str]) -> Head | None:
    time, seq, seal = found.groups()
    try:
        at = datetime.strptime(time, _TIME).replace(tzinfo=UTC) if time else None
    except ValueError:  # a 32nd of some month
        return None
    return Head(int(seq), seal, at)
