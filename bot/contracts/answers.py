"""What an agent shows in a conversation while it works: an answer that grows, its tasks, what it heard before."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.contracts.people import Person
from bot.contracts.slack import Blocks, Posted

TaskStatus = Literal["pending", "in_progress", "complete", "error"]
SessionStatus = Literal["active", "processing", "suspended", "closed"]
Began = Callable[[Posted], Awaitable[None]]

_OPENING = re.compile(r"```+[^`\n]*")
_CLOSE = "\n```"


@dataclass(frozen=True, slots=True)
class Task:
    """One step of the work, on a card of its own; a later one with the same id takes its place, but for what it leaves
    empty. The texts are shown as they are: outside text goes through `bot.views.answer.task` first."""

    id: str
    title: str
    status: TaskStatus
    details: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message read back, in the words a reader sees; people stand in `text` as `<@U1>`. `user`: a user id, or the
    bot id of an app; `name`: the name an app goes by, empty for people; `files`: the names of what is attached."""

    ts: str
    user: str
    name: str
    text: str
    by_us: bool
    edited: bool = False
    files: tuple[str, ...] = ()


class Stream(Protocol):
    """One answer, growing before the reader's eyes. Not for two tasks at once.

    What was said first is on the screen at once, the rest at the pace Slack allows. A long answer goes on in a
    further message, and what was deleted or ended by others meanwhile loses nothing of what was still to come.
    """

    @property
    def posted(self) -> Posted | None:
        """Where the answer stands: the latest of its messages. None before anything was said."""

    async def text(self, markdown: str) -> None:
        """More of the answer. It has to be harmless already: see `bot.views.markdown.MarkdownFilter`. Raises only
        what `began` raises; while Slack is away the words wait."""

    async def task(self, task: Task) -> None:
        """A step begun, moved on or done. Raises as `text`."""

    async def close(
        self, *, blocks: Blocks = (), status: Literal["active", "suspended"] = "active", stopped: bool = False
    ) -> None:
        """The end: all that still waits, then `blocks`, and the session's status. `stopped`: a person said stop, so
        what was not shown yet is dropped and no new message begun. Closing twice is closing once. Raises SlackAway
        when the rest could not be shown, OperatorMends when the conversation is closed to the app; neither after a
        stop."""


class Conversations(Protocol):
    """Conversations as an agent's runtime uses them. Methods that only show something never raise for Slack's sake;
    those that read raise SlackAway and OperatorMends as `bot.contracts.slack.Slack` does."""

    def open_stream(self, channel: str, thread_ts: str, person: Person, *, began: Began) -> Stream:
        """An answer for that person. Its message begins with the first text or task; `began` is awaited with where
        it stands right after, and once more for every further message of a long answer."""

    async def status(self, channel: str, thread_ts: str, text: str, loading: Sequence[str] = ()) -> None:
        """What the agent is doing, shown for two minutes or until its next message, with a Stop button; `loading`: up
        to 10 lines that take turns. An empty text takes it away."""

    async def session(self, channel: str, thread_ts: str, status: SessionStatus, title: str = "") -> None:
        """The state of the agent's session in that thread; `suspended` while it waits for a decision. The title
        counts where the session begins."""

    async def mend(self, posted: Posted) -> None:
        """End an answer that a process left open when it was killed; one that has ended already stays as it is."""

    async def orphans(self, channel: str, thread_ts: str, since_ts: str, known: frozenset[str]) -> list[Posted]:
        """Answers begun in that thread after `since_ts` whose place nobody wrote down: messages of ours without our
        metadata that are not among the `known` timestamps. An answer that was closed, or mended, is never one."""

    async def thread(self, channel: str, thread_ts: str | None, limit: int) -> tuple[Heard, ...]:
        """What was said in a thread, oldest first: its first message and the latest up to `limit` in all. Without
        `thread_ts` the latest of the channel."""


def divided(markdown: str, limit: int) -> list[str]:
    """Markdown in parts of at most `limit` (at least 100) as `room` counts; a code block is closed at the end of one
    part and opened again in the next, and no word is cut that fits into a part."""
    parts: list[str] = []
    while room(markdown) > limit:
        end = cut(markdown, limit)
        fence = open_fence(markdown[:end])
        parts.append(markdown[:end] + (_CLOSE if fence else ""))
        markdown = (f"{fence}\n" if fence else "") + markdown[end:].lstrip("\n" if fence else " \n")
    return [*parts, markdown] if markdown or not parts else parts


def cut(markdown: str, limit: int, least: int = 0) -> int:
    """Where a text that is too long is best cut, so that the first part has room for a code block's end as well:
    between paragraphs, lines, words or, at worst, characters; never before `least`."""
    most = _fitting(markdown, limit - room(_CLOSE))
    if most <= least:
        return least
    for between, share in (("\n\n", 2), ("\n", 2), (" ", 1)):
        found = markdown.rfind(between, max(least, most - most // share), most)
        head = markdown[: found + len(between)]
        if found > least and head.strip() and not _just_opened(head):
            return found
    return most


def open_fence(markdown: str) -> str:
    """The line that opened the code block in which a text ends; empty when it ends in none."""
    fence = ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line.strip() == "```" else fence
        elif _OPENING.fullmatch(line):
            fence = line
    return fence


def room(text: str) -> int:
    """What Slack may count a text as: UTF-16 units, with `&`, `<` and `>` escaped and quotes and line breaks as in
    JSON."""
    return len(text) + sum(map(_more, text)) if not _is_simple(text) else len(text)


def _is_simple(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _more(char: str) -> int:
    """Units a character takes beyond one."""
    if char in '\n\t\r"\\':
        return 1
    if char == "&":
        return 4
    return 3 if char in "<>" else int(char > "\uffff")


def _fitting(text: str, limit: int) -> int:
    """How many characters have room."""
    left = limit
    for index, char in enumerate(text):
        left -= 1 + _more(char)
        if left < 0:
            return index
    return len(text)


def _just_opened(head: str) -> bool:
    """Whether a part would end in a code block with nothing in it yet."""
    fence = open_fence(head)
    return bool(fence) and head.rstrip("\n").endswith(fence)
