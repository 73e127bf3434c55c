"""Uploaded files: their bytes in the workspace's folder, their descriptions beside them."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from pathlib import Path

from bot.workspace.errors import SlackError
from bot.workspace.model import Json

MAX_BYTES = 32 * 1024 * 1024


class Uploads:
    """Files by id. `announced` ones wait for their bytes, the others can be shared and read."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._announced: dict[str, tuple[str, int]] = {}

    def announce(self, filename: str, length: int) -> str:
        if not 0 < length <= MAX_BYTES:
            raise SlackError.because("invalid_arguments", f"length must be between 1 and {MAX_BYTES}")
        id = f"F{secrets.token_hex(5).upper()}"
        self._announced[id] = (Path(filename).name or "file", length)
        return id

    async def receive(self, id: str, content: bytes) -> bool:
        """Keeps the bytes of an announced file; False when none was announced under that id."""
        if id not in self._announced:
            return False
        await asyncio.to_thread(self._write, id, content)
        return True

    async def complete(self, id: str, title: str | None, user: str) -> Json:
        """The description of a file whose bytes have come. Raises `SlackError` with `file_not_found`."""
        name, _ = self._announced.get(id, ("", 0))
        size = await asyncio.to_thread(self._size, id)
        if not name or size is None:
            raise SlackError("file_not_found")
        del self._announced[id]
        now = int(self._clock())
        described: Json = {
            "id": id,
            "created": now,
            "timestamp": now,
            "name": name,
            "title": title or name,
            "user": user,
            "size": size,
            "mode": "hosted",
            "filetype": Path(name).suffix.removeprefix(".") or "text",
        }
        await asyncio.to_thread(self._describe, id, described)
        return described

    async def info(self, id: str) -> Json:
        """A completed file's description. Raises `SlackError` with `file_not_found`."""
        described = await asyncio.to_thread(self._described, id) if _is_id(id) else None
        if described is None:
            raise SlackError("file_not_found")
        return described

    def path(self, id: str) -> Path:
        return self._folder / id

    def _write(self, id: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.path(id).write_bytes(content)

    def _size(self, id: str) -> int | None:
        path = self.path(id)
        return path.stat().st_size if _is_id(id) and path.is_file() else None

    def _describe(self, id: str, described: Json) -> None:
        (self._folder / f"{id}.json").write_text(json.dumps(described), encoding="utf-8")

    def _described(self, id: str) -> Json | None:
        path = self._folder / f"{id}.json"
        if not path.is_file():
            return None
        loaded: Json = json.loads(path.read_text(encoding="utf-8"))
        return loaded


def _is_id(id: str) -> bool:
    return id.startswith("F") and id.isalnum()
