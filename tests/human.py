"""The people of a local workspace: what they do and see, through `/human/…` alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp
from shown import Json, button, is_card, is_summary, words

from bot.workspace.blocks import validate_message, validate_view

T = TypeVar("T")

DM = "@meshclaw"
PATIENCE = 20.0
"""Seconds until something awaited counts as missing; nothing ever waits that long when all is well."""
_LOOK_AGAIN = 0.2
_MALFORMED = re.compile(r"^(invalid_(?!trigger)|missing_|msg_|no_text|view_too|unknown_|not_allowed|metadata_)")
"""Slack's refusals of what is in a call, and not of where or when it is made."""


class Human:
    """The people of the workspace, acting and looking through `/human/…` alone.

    `who` is a handle. A refusal by the human side is an AssertionError that says why. Messages and views are the JSON
    objects the human side shows.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._faults: set[str] = set()

    # Acting

    async def command(self, who: str, typed: str, channel: str = DM) -> Json:
        """Type a slash command; `acked`, `ack_ms`, `response` (what was said at once) and `error`."""
        done = await self.post("command", **{"as": who, "channel": channel, "text": typed})
        if done["response"]:
            assert not validate_message(done["response"]), done["response"]
        return done

    async def say(self, who: str, words: str, channel: str = DM, thread_ts: str | None = None) -> Json:
        return await self.post("message", **{"as": who, "channel": channel, "text": words, "thread_ts": thread_ts})

    async def click(
        self,
        who: str,
        shown: Json,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        values: Json | None = None,
    ) -> Json:
        """Press an element of a message or a view; `value` for menus, `values` for the inputs beside it."""
        return await self.post(
            "click",
            **{"as": who, **_place(shown), "action_id": action_id, "block_id": block_id},
            value=value,
            values=values,
        )

    async def press(self, who: str, shown: Json, label: str, *, values: Json | None = None) -> Json:
        """Press the button that reads `label`, or `label` and a number, as a person finds it."""
        return await self.post("click", **{"as": who, **_place(shown), **button(shown, label)}, values=values)

    async def submit(self, who: str, view: Json, values: Json | None = None) -> Json:
        """Submit a modal; `acked`, `response_action`, `errors`, `error`."""
        return await self.post("submit", **{"as": who, "view_id": view["id"], "values": values or {}})

    async def close(self, who: str, view: Json, *, every: bool = False) -> Json:
        return await self.post("close", **{"as": who, "view_id": view["id"], "all": every})

    async def fault(self, method: str, kind: str, count: int | None = None, seconds: float | None = None) -> None:
        self._faults.add(kind.removeprefix("error:"))
        await self.post("faults", method=method, fault=kind, count=count, seconds=seconds)

    async def redeliver(self, count: int = 1) -> None:
        """Send the last envelope a person caused again."""
        await self.post("redeliver", count=count)

    async def stop(self, who: str, root: Json) -> Json:
        """Press Slack's Stop button in the thread of that message."""
        return await self.post("stop", **{"as": who, "channel": root["channel"], "thread_ts": root["ts"]})

    async def member(self, user: str, **standing: bool) -> Json:
        """Change what somebody is from now on: `active`, `is_admin`, `is_guest`, `is_stranger`."""
        return await self.post("member", user=user, **standing)

    async def group(self, handle: str, *members: str) -> str:
        """Make or change a user group; its id."""
        return str((await self.post("group", handle=handle, members=list(members)))["id"])

    async def rename(self, channel: str, name: str) -> None:
        await self.post("rename", channel=channel, name=name)

    # Looking

    async def messages(self, who: str, channel: str = DM, **more: str) -> list[Json]:
        return list((await self.get("messages", **{"as": who, "channel": channel, **more}))["messages"])

    async def modals(self, who: str) -> list[Json]:
        return list((await self.get("modals", **{"as": who}))["views"])

    async def home(self, who: str) -> Json | None:
        """Open the App Home; its view as it stands then."""
        view: Json | None = (await self.get("home", **{"as": who}))["view"]
        return view

    async def calls(self, method: str | None = None) -> list[Json]:
        """What MeshClaw asked of the Web API."""
        return list((await self.get("calls", **({"method": method} if method else {})))["calls"])

    async def assert_sound(self) -> None:
        """Everything MeshClaw ever sent is what Slack takes: no call was refused for what was in it."""
        for call in await self.calls():
            if call["error"] and call["error"] not in self._faults:
                assert not _MALFORMED.search(call["error"]), call
            view = call["args"].get("view")
            if isinstance(view, dict):
                assert not validate_view(view), view
            elif call["args"].get("blocks"):
                assert not validate_message(call["args"]), call["args"]

    # Waiting

    async def until(self, look: Callable[[], Awaitable[T | None]], seconds: float = PATIENCE) -> T:
        """What `look` finds, once it finds something: looked for again at every visible change, and now and then."""
        try:
            async with asyncio.timeout(seconds), self._session.get("/human/log") as log:
                while not (found := await look()):
                    try:
                        async with asyncio.timeout(_LOOK_AGAIN):
                            await log.content.readline()
                    except TimeoutError:
                        continue
                return found
        except TimeoutError:
            raise AssertionError(f"not seen within {seconds:.0f} s: {look.__qualname__}") from None

    async def last(self, who: str, channel: str = DM) -> str:
        """The `ts` of the newest message there, to tell later ones from it."""
        return max((each["ts"] for each in await self.messages(who, channel)), default="0")

    async def message(
        self,
        who: str,
        wanted: Callable[[Json], bool],
        channel: str = DM,
        *,
        after: str = "0",
        seconds: float = PATIENCE,
    ) -> Json:
        """The newest message of that kind posted after `after`, once there is one."""

        async def newest() -> Json | None:
            messages = await self.messages(who, channel)
            return next((each for each in reversed(messages) if each["ts"] > after and wanted(each)), None)

        try:
            return await self.until(newest, seconds)
        except AssertionError:
            seen = "\n---\n".join(words(each) for each in await self.messages(who, channel))
            raise AssertionError(f"{wanted.__qualname__} is not among these messages of {who}:\n{seen}") from None

    async def becomes(self, who: str, message: Json, wanted: Callable[[Json], bool], seconds: float = PATIENCE) -> Json:
        """That message, once it has been changed into one of that kind."""

        def changed(each: Json) -> bool:
            return bool(each["ts"] == message["ts"] and wanted(each))

        changed.__qualname__ = f"{message['ts']} as {wanted.__qualname__}"
        return await self.message(who, changed, message["channel"], seconds=seconds)

    async def modal(self, who: str, wanted: Callable[[Json], bool] = bool) -> Json:
        """The topmost modal, once it is of that kind."""

        async def top() -> Json | None:
            views = await self.modals(who)
            return views[-1] if views and wanted(views[-1]) else None

        return await self.until(top)

    async def triage(self, who: str, options: str = "", *, seconds: float = PATIENCE) -> tuple[Json, Json]:
        """Ask for a triage; its summary and its card, once both are there."""
        before = await self.last(who)
        done = await self.command(who, f"/meshclaw triage {options}".strip())
        assert done["error"] is None, done
        card = await self.message(who, is_card, after=before, seconds=seconds)
        return await self.message(who, is_summary, after=before), card

    async def allow_changes(self, who: str, connected: Json) -> Json:
        """From the notice that an account is connected: ask for the card, approve it; its receipt."""
        before = await self.last(who)
        await self.press(who, connected, "Allow changes…")
        card = await self.message(who, is_card, after=before)
        await self.press(who, card, "Approve")
        return await self.becomes(who, card, lambda shown: "Done" in words(shown))

    # Speaking JSON

    async def get(self, call: str, **query: str) -> Json:
        async with self._session.get(f"/human/{call}", params=query) as answer:
            found: Json = await answer.json()
            assert answer.status == 200, found
            return found

    async def post(self, call: str, **body: Any) -> Json:
        status, answer = await self.try_post(call, **body)
        assert status == 200, answer
        return answer

    async def try_post(self, call: str, **body: Any) -> tuple[int, Json]:
        """Status and answer, also when the human side refuses."""
        given = {key: value for key, value in body.items() if value is not None}
        async with self._session.post(f"/human/{call}", json=given) as answer:
            return answer.status, await answer.json()


def _place(shown: Json) -> Json:
    return {"channel": shown["channel"], "ts": shown["ts"]} if "ts" in shown else {"view_id": shown["id"]}
