"""An answer as it is shown while it is made: text as it comes, made harmless, and a card for each step."""

from collections.abc import Awaitable, Callable

from bot.agents.talk.conversation import Conversation
from bot.contracts.agents import Thread
from bot.contracts.answers import Stream, TaskStatus
from bot.contracts.slack import Blocks, Posted
from bot.views import answer as views
from bot.views.markdown import MarkdownFilter

_REMEMBERED = 100
_LOADING = ("Reading what you wrote", "Thinking it over", "Putting it into words")


class Showing:
    """One answer. Where more people read than may see what it is made from, its words are `kept` instead of shown, for
    the person to release; its steps are shown without their details. `secluded`: only the person reads there."""

    def __init__(
        self, thread: Thread, talk: Conversation, save: Callable[[], Awaitable[None]], *, secluded: bool
    ) -> None:
        self._thread = thread
        self._talk = talk
        self._save = save
        self._secluded = secluded
        self._stream: Stream | None = None
        self._filter = MarkdownFilter(frozenset(talk.typed))
        self._apart = False
        self._begun = False
        self.keeps = False
        self.kept = ""

    async def at_work(self) -> None:
        await self._thread.status("is thinking…", _LOADING)

    async def text(self, delta: str) -> None:
        """More of what the model says."""
        if self.keeps:
            self.kept += delta
        elif shown := self._filter.feed(delta):
            await self._put(shown)

    async def paragraph(self) -> None:
        """The model has said what it had to say before its next step."""
        if self.keeps:
            self.kept += "\n\n" if self.kept else ""
            return
        if shown := self._filter.end():
            await self._put(shown)
        self._filter = MarkdownFilter(frozenset(self._talk.typed))
        self._apart = self._begun

    async def step(self, key: str, title: str, status: TaskStatus, details: str = "") -> None:
        await self._open().task(views.task(key, title, status, details=details if self._secluded else ""))

    async def close(self, blocks: Blocks, *, waits: bool = False, stopped: bool = False) -> None:
        """Show the rest. Until this is noted, an answer that was begun is made anew after a crash."""
        if not stopped and not self.keeps and (shown := self._filter.end()):
            await self._put(shown)
        if self._stream is None and blocks and not stopped:
            self._stream = self._thread.stream(self._began)
        if self._stream is not None:
            await self._stream.close(blocks=blocks, status="suspended" if waits else "active", stopped=stopped)
        else:
            await self._thread.session("suspended" if waits else "active")
            await self._thread.status("")
        self._talk.streaming = ""

    async def note(self, text: str) -> None:
        """A line of our own within the answer."""
        await self.paragraph()
        await self._put(text)
        self._apart = True

    async def _put(self, text: str) -> None:
        if self._apart:
            text, self._apart = f"\n\n{text}", False
        self._begun = True
        await self._open().text(text)

    def _open(self) -> Stream:
        if self._stream is None:
            self._stream = self._thread.stream(self._began)
        return self._stream

    async def _began(self, posted: Posted) -> None:
        self._talk.streaming = posted.ts
        self._talk.answers = [*self._talk.answers, posted.ts][-_REMEMBERED:]
        await self._save()
