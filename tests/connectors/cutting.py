"""A proxy that cuts the connection at a chosen command, as a network does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

Cut = Literal["before", "after"]


class Cutting:
    """Forwards to an unencrypted server. The next command that holds `word` is lost on its way (`before`), or done
    and its answer lost (`after`)."""

    def __init__(self) -> None:
        self.port = 0
        self.word = b""
        self.cut: Cut = "before"
        self.times = 0
        self.serving: set[asyncio.Task[None] | None] = set()

    def arm(self, word: str, cut: Cut, times: int = 1) -> None:
        self.word, self.cut, self.times = word.encode(), cut, times

    async def serve(self, upstream: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        from_server, to_server = await asyncio.open_connection("127.0.0.1", upstream)
        answers = asyncio.ensure_future(self._copy(from_server, writer))
        try:
            while data := await reader.read(65_536):
                hit, cut = self.times > 0 and self.word in data, self.cut
                if hit:
                    self.times -= 1
                    answers.cancel()
                    await asyncio.wait([answers])
                if not hit or cut == "after":
                    to_server.write(data)
                    await to_server.drain()
                if hit and cut == "after":
                    await self._answered(from_server, data.split()[0])
                if hit:
                    break
        except OSError:
            pass
        finally:
            answers.cancel()
            for stream in (writer, to_server):
                stream.close()
            for stream in (writer, to_server):
                with suppress(OSError):
                    await stream.wait_closed()

    @staticmethod
    async def _answered(from_server: asyncio.StreamReader, tag: bytes) -> None:
        """Wait until the server has answered the command with that tag."""
        async for line in from_server:
            if line.startswith(tag):
                return

    @staticmethod
    async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()


@asynccontextmanager
async def cutting(upstream: int) -> AsyncIterator[Cutting]:
    """A proxy in front of a port of this machine."""
    proxy = Cutting()
    server = await asyncio.start_server(lambda r, w: proxy.serve(upstream, r, w), "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await asyncio.gather(*(task for task in proxy.serving if task))
