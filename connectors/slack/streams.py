"""Answers that grow before the reader's eyes, at the pace Slack allows.

The first words leave at once. What follows waits for its turn in a buffer, and leaves the buffer only once Slack has
it: whatever fails on the way, the end of the answer shows the rest.
"""

import asyncio
import time
import uuid
import weakref
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Literal, Protocol

from slack_sdk.web.async_client import AsyncWebClient

from bot.contracts.answers import Began, SessionStatus, Task
from bot.contracts.errors import MeshClawError
from bot.contracts.people import Person
from bot.contracts.slack import Blocks, Message, Posted, SlackAway
from connectors.slack.api import Refused
from connectors.slack.calls import KEY, Calls, Limited
from connectors.slack.growing import Fit, Growing, Piece, blank
from connectors.slack.pace import Budget, Pace

GAP = 0.6
"""Least seconds between two growths of one answer."""
_ANEW = 3  # times that a deleted answer goes on
_TRIES = 4
_PAUSE = 1.0
_PATIENCE = 30.0


class Slack(Protocol):
    """What answers need of the sender."""

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted: ...

    async def find(self, channel: str, key: str, thread_ts: str | None = None) -> Posted | None: ...

    async def update(self, posted: Posted, message: Message) -> bool: ...

    async def session(self, channel: str, thread_ts: str, status: SessionStatus, title: str = "") -> None: ...

    async def begun(self, channel: str, thread_ts: str, since: float, text: str) -> Posted | None: ...


class Streams:
    """All answers of this process, which share Slack's limits."""

    def __init__(self, client: AsyncWebClient, slack: Slack, pace: Pace, *, gap: float = GAP) -> None:
        self.calls = Calls(client)
        self.slack = slack
        self.pace = pace
        self.budget = Budget()
        self._gap = gap
        self._growing: weakref.WeakSet[Answer] = weakref.WeakSet()
        self._sending: set[asyncio.Task[None]] = set()

    def open(self, channel: str, thread_ts: str, person: Person, began: Began) -> "Answer":
        answer = Answer(self, channel, thread_ts, person, began)
        self._growing.add(answer)
        return answer

    def ended(self, answer: "Answer") -> None:
        self._growing.discard(answer)

    def gap(self) -> float:
        """Seconds between two growths of one answer, as things are."""
        return self.budget.gap(self._gap, sum(answer.posted is not None for answer in self._growing))

    def send(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Done to its end whatever becomes of who asked: a message that has begun shall be known."""
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return task

    async def mend(self, posted: Posted) -> None:
        try:
            await self.calls.stop(posted)
        except MeshClawError:
            return  # it stays as it is; nothing depends on it


class Answer:
    """Implements `bot.contracts.answers.Stream`."""

    def __init__(self, streams: Streams, channel: str, thread_ts: str, person: Person, began: Began) -> None:
        self._streams = streams
        self._channel = channel
        self._thread_ts = thread_ts
        self._person = person
        self._began = began
        self._waiting: list[Piece] = []
        self._page = Growing()
        self._latest: Posted | None = None
        self._open: Posted | None = None  # the message that grows
        self._mute = False  # it grows no more, and what waits is shown at the end
        self._plain = False  # nothing of this answer can grow any more
        self._unsure = False  # nobody knows whether Slack has what was sent last
        self._lost: tuple[float, Fit] | None = None  # a message that may have begun: when, and with what
        self._deleted = 0
        self._posts = 0
        self._key = f"{KEY}:{uuid.uuid4().hex}"
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._failed: Exception | None = None
        self._closed = False

    @property
    def posted(self) -> Posted | None:
        return self._latest

    async def text(self, markdown: str) -> None:
        if markdown and self._waiting and isinstance(self._waiting[-1], str):
            self._waiting[-1] += markdown
        elif markdown:
            self._waiting.append(markdown)
        await self._go_on()

    async def task(self, task: Task) -> None:
        self._waiting.append(task)  # in no earlier one's place: that one may be on its way
        await self._go_on()

    async def close(
        self, *, blocks: Blocks = (), status: Literal["active", "suspended"] = "active", stopped: bool = False
    ) -> None:
        if self._closed:
            return
        self._closed = True
        if self._timer:
            self._timer.cancel()
        if self._sending:
            await asyncio.shield(self._sending)
        try:
            await (self._break_off(blocks, status) if stopped else self._finish(blocks, status))
        finally:
            self._streams.ended(self)
        self._complain()

    # Growing

    async def _go_on(self) -> None:
        idle = self._sending is None and self._timer is None and not self._closed
        first = self._open is None and not self._plain and not blank(self._waiting)
        if idle and first and time.monotonic() >= self._not_before:
            self._sending = self._streams.send(self._grow())
            await asyncio.shield(self._sending)
        else:
            self._schedule()
        self._complain()

    def _schedule(self) -> None:
        busy = self._closed or self._timer or self._sending
        if not (busy or self._mute or self._plain or blank(self._waiting)):
            wait = max(0.0, self._not_before - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._turn)

    def _turn(self) -> None:
        self._timer = None
        if self._open and (wait := self._streams.budget.take()) > 0:
            self._not_before = time.monotonic() + wait
            self._schedule()
        else:
            self._sending = self._streams.send(self._grow())

    async def _grow(self) -> None:
        """Never raises: what fails is tried again, or told to whoever says more."""
        wait = 0.0
        try:
            await (self._append() if self._open else self._begin())
        except Limited as limited:
            wait = limited.wait
        except SlackAway:
            self._unsure = self._unsure or self._open is not None
            wait = _PAUSE
        except Refused:
            self._plain = self._open is None
            self._mute = self._open is not None
        except Exception as error:  # of `began`
            self._failed = error
        self._not_before = time.monotonic() + max(wait, self._streams.gap())
        self._sending = None
        self._schedule()

    async def _begin(self) -> None:
        """A message with what waits, as far as it fits."""
        posted, fit = await self._started()
        self._page, self._open, self._latest = Growing(), posted, posted
        self._mute = self._unsure = False
        self._page.take(fit)
        fit.taken_from(self._waiting)
        await self._began(posted)

    async def _started(self) -> tuple[Posted, Fit]:
        """Looks first for a message that began without our being told: a second one would say the same again."""
        where = self._channel, self._thread_ts
        async with self._streams.pace.turn(self._channel):
            if self._lost:
                since, fit = self._lost
                if found := await self._streams.slack.begun(*where, since, fit.text):
                    self._lost = None
                    return found, fit
            fit = Growing().fit(self._waiting)
            self._lost = (time.time(), fit)
            try:
                posted = await self._streams.calls.start(*where, self._person, fit.pieces)
            except (Limited, Refused):
                self._lost = None
                raise
        self._lost = None
        return posted, fit

    async def _append(self) -> None:
        """What waits, as far as it fits into the message; the rest into a new one."""
        assert self._open is not None
        fit = self._page.fit(self._waiting)
        calls = self._streams.calls
        became = await (calls.stop(self._open, fit.pieces) if fit.full else calls.append(self._open, fit.pieces))
        if became == "ended":
            self._mute = True
            return
        if became == "gone":
            self._leave()
        else:
            self._page.take(fit)
            fit.taken_from(self._waiting)
            if not fit.full:
                return
            await self._settle(self._open)
            self._open = None
        if not self._plain and not blank(self._waiting):
            await self._begin()

    def _leave(self) -> None:
        """The message was deleted: what was not in it yet is said anew."""
        if (fence := self._page.fence) and self._waiting and isinstance(self._waiting[0], str):
            self._waiting[0] = f"{fence}\n{self._waiting[0]}"
        self._open = None
        self._page = Growing()
        self._unsure = False
        self._deleted += 1
        self._plain = self._deleted > _ANEW

    async def _settle(self, posted: Posted, blocks: Blocks = ()) -> None:
        """Where a call's answer was lost, something may stand there twice: the message is put right."""
        if self._unsure:
            self._unsure = False
            await self._rewritten(posted, self._page, blocks)

    def _complain(self) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    # Ending

    async def _break_off(self, blocks: Blocks, status: SessionStatus) -> None:
        """What waits is not shown any more; that the message shows why it ends is a kindness."""
        try:
            if self._open and await self._streams.calls.stop(self._open, (), blocks, status) == "done":
                return
            if self._open and blocks:
                await self._rewritten(self._open, self._page, blocks)
            await self._streams.slack.session(self._channel, self._thread_ts, status)
        except MeshClawError:
            return

    async def _finish(self, blocks: Blocks, status: Literal["active", "suspended"]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                return await self._end(blocks, status)
            except SlackAway as away:
                certain = isinstance(away, Limited)
                self._unsure = self._unsure or not certain
                if not left:
                    raise
                await asyncio.sleep(min(away.wait, _PATIENCE) if isinstance(away, Limited) else _PAUSE)
        return None

    async def _end(self, blocks: Blocks, status: Literal["active", "suspended"]) -> None:
        """The rest, in as many messages as it takes, and the blocks below it. Raises SlackAway, Refused."""
        while self._open is not None or not (self._plain or blank(self._waiting)):
            if self._open is None:
                await self._begin_or_give_up()
                continue
            if self._mute:
                blocks = await self._rewrite(blocks)
                self._plain = True
                continue
            fit = self._page.fit(self._waiting)
            more = () if fit.full else blocks
            try:
                became = await self._streams.calls.stop(self._open, fit.pieces, more, None if fit.full else status)
            except Refused:
                became = "ended"
            if became == "ended":
                self._mute = True
                continue
            if became == "gone":
                self._leave()
                blocks = () if blank(self._waiting) else blocks
                continue
            self._page.take(fit)
            fit.taken_from(self._waiting)
            await self._settle(self._open, more)
            self._open = None
            if not fit.full:
                return
        await self._post(blocks)
        await self._streams.slack.session(self._channel, self._thread_ts, status)

    async def _begin_or_give_up(self) -> None:
        try:
            await self._begin()
        except Refused:
            self._plain = True

    async def _rewrite(self, blocks: Blocks) -> Blocks:
        """The message with what waits in it, though it grows no more; what does not fit goes on waiting. The blocks
        that are still to be shown."""
        assert self._open is not None
        with suppress(Refused):  # or it cannot be written anew
            if await self._streams.calls.stop(self._open) == "gone":
                self._leave()
                return () if blank(self._waiting) else blocks
        page = Growing()
        pieces = [*self._page.pieces, *self._waiting]
        fit = page.fit(pieces)
        page.take(fit)
        shown = await self._rewritten(self._open, page, () if fit.full else blocks)
        if shown:
            fit.taken_from(pieces)
            self._waiting = pieces
        self._open = None
        self._unsure = False
        return () if (shown and not fit.full) or (not shown and blank(self._waiting)) else blocks

    async def _rewritten(self, posted: Posted, page: Growing, blocks: Blocks) -> bool:
        try:
            return await self._streams.slack.update(posted, _message(page, blocks))
        except Refused:
            return False

    async def _post(self, blocks: Blocks) -> None:
        """What waits as messages that do not grow, each of which is looked for before it is tried again."""
        slack = self._streams.slack
        while blocks or not blank(self._waiting):
            page = Growing()
            fit = page.fit(self._waiting)
            page.take(fit)
            key = f"{self._key}:{self._posts}"
            posted = await slack.find(self._channel, key, self._thread_ts) if self._unsure else None
            if posted is None:
                message = _message(page, () if fit.full else blocks)
                posted = await slack.post(self._channel, message, key=key, thread_ts=self._thread_ts)
            self._latest = posted
            self._posts += 1
            fit.taken_from(self._waiting)
            await self._began(posted)
            if not fit.full:
                return


def _message(page: Growing, blocks: Blocks) -> Message:
    return Message(page.text.strip() or "…", [*page.blocks(), *blocks])
