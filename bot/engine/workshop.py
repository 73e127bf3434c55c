"""Where people make, look at, share and review agents of their own, in Slack; and where their schedules fire."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.agents.files import render, written
from bot.agents.library import Due, Kept, Library
from bot.agents.mistakes import AgentMistakes, Mistake
from bot.agents.skills import from_skill
from bot.contracts.errors import OperatorMends, PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.policy import Policy
from bot.contracts.requests import Request
from bot.contracts.slack import Message, Posted, Slack, View
from bot.engine.commands import ASK, BEGIN, Free, Run
from bot.engine.entitlement import Entitlement
from bot.engine.posts import Posts
from bot.engine.visible import Found, OwnAgents, ignored, missing
from bot.gate.stops import Stops
from bot.store.documents import Documents
from bot.views import agent_edit, agent_review, agents, notices
from bot.views.paging import read_value
from bot.views.values import CommandHelp

SPACE = "agents"
"""The room of this in documents, requests and action ids."""

USAGE = (
    CommandHelp(
        SPACE,
        "Shows the agents there are, and makes new ones",
        (
            ("/meshclaw agents", "those you can talk to: yours, and those others share"),
            ("/meshclaw agents new", "make one of your own; a SKILL.md pasted behind it becomes a draft"),
            ("/meshclaw agents standup", "all of one: what it may do, when it runs, its file"),
        ),
    ),
)
NEW = "new"
_SCHEDULED = f"{BEGIN} (It is your scheduled time.)"
_LONGEST_FIELD = 3_000

Wrong = Mapping[str, str]
"""What is wrong in a modal, by the block it stands in."""


@dataclass(frozen=True, slots=True)
class WorkshopParts:
    """What it stands on."""

    own: OwnAgents
    policy: Policy
    slack: Slack
    posts: Posts
    documents: Documents
    entitlement: Entitlement
    stops: Stops
    enqueue: Callable[[Request], Awaitable[bool]]
    pointer: str
    """What is said at once when an agent is run."""


class Workshop:
    """Answers, modals, buttons and the clock of people's own agents. Admins are who Slack says at that moment."""

    def __init__(self, parts: WorkshopParts) -> None:
        self._parts = parts
        self._own = parts.own
        self._acts: Mapping[str, Callable[[Request], Awaitable[None]]] = {
            "dryrun": self._dry_run,
            "share": self._share,
            "ask_review": self._ask_review,
            "unshare": self._unshare,
            "remove": self._remove,
            "review.accept": self._accept,
            "review.decline": self._decline,
            "decided": self._decided,
        }

    @property
    def _library(self) -> Library:
        return self._own.library

    def reserve(self, words: Sequence[str]) -> None:
        """No agent is called by one of these."""
        self._own.words = frozenset((*words, NEW))

    # Commands

    async def answer(self, person: Person) -> Message:
        """All agents this person can talk to. Raises PersonMends for guests."""
        await self._check_member(person)
        return agents.agents_list(await self._values(person), await self._zone(person))

    async def prepared(self, person: Person, asked: Run) -> Run:
        """What was asked of an agent by name, checked. Raises PersonMends for one that is not there, and where it
        wants to be told something that was not said."""
        name = str(asked.args.get("as") or "")
        if asked.agent != ASK or not name or name in self._own.built_in:
            return asked
        found = await self._own.seek(person, name)
        wanted = missing(found.agent) if found.agent and asked.args.get("text") == BEGIN else ()
        if wanted:
            mend = f"Say it behind its name, for example: /meshclaw run {found.name} {wanted[0]}"
            raise PersonMends(f"{found.name} wants to know: {' '.join(wanted)}", mend)
        return Run(asked.agent, {**asked.args, "as": found.id or found.name}, asked.pointer)

    async def called(self, person: Person, asked: Free) -> Run | None:
        """What no command is may call an agent by its word. Raises as `prepared`."""
        word, _, text = asked.text.partition(" ")
        if await self._own.meant(person, word.lower()) is None:
            return None
        args = {"text": text.strip() or BEGIN, "as": word.lower()}
        return await self.prepared(person, Run(ASK, args, self._parts.pointer))

    # Modals

    async def view(self, name: str, person: Person, value: str) -> View:
        """The modal of that name; `value`: what its button carries, or what was typed. Raises PersonMends."""
        await self._check_member(person)
        tz, target = await self._zone(person), read_value(value)
        match name:
            case "new":
                return self._new(value)
            case "list":
                return agents.agents_page(await self._values(person), target.page, tz)
            case "show":
                return await self._shown(person, target.id, target.page, tz)
            case "edit":
                kept = await self._own.mine(person, target.id)
                return agent_edit.edit_form(kept.id, kept.version, kept.text, await self._mistakes(kept))
            case "review":
                return await self._reviewed(person, value, tz)
        raise PersonMends("This button belongs to nothing here any more.", "Run the command again.")

    async def submit(self, person: Person, state: Mapping[str, Mapping[str, Any]], metadata: str) -> Message | Wrong:
        """Keep what was written; the message that says so, or what is wrong. Raises PersonMends, and ValueError for a
        modal that is not ours."""
        typed = agent_edit.read_typed(state, metadata)
        await self._check_member(person)
        tz = await self._zone(person)
        try:
            text = typed.file if typed.file is not None else written(dict(typed.head), typed.instructions)
            agent = await self._own.read(text)
            kept = await self._library.save(
                person, text, tz=tz, now=datetime.now(UTC), replaces=typed.agent_id, version=typed.version
            )
        except AgentMistakes as error:
            return agent_edit.errors_at(state, error.mistakes)
        except PersonMends as error:
            return {"name" if "name" in state else "part:0": f"{error.message} {error.mend}".strip()}
        await self.retime(person, tz)
        if kept.state == "proposed":
            await self._parts.enqueue(_review_request(person, kept))
        value = self._own.value(Found(kept.name, kept.text, agent, kept), person)
        return agents.saved(value, tz, tuple(ignored(agent)))

    def _new(self, value: str) -> View:
        """Empty, or a draft made of a skill's words."""
        if value in ("", NEW):
            return agent_edit.new_form(self._own.choices())
        draft, notes = from_skill(value)
        if len(draft.instructions) > _LONGEST_FIELD:
            return agent_edit.edit_form("", None, render(draft))
        fields = {"name": draft.name, "description": draft.description, "instructions": draft.instructions}
        return agent_edit.new_form(self._own.choices(), draft=fields, notes=notes)

    async def _shown(self, person: Person, which: str, page: int, tz: str) -> View:
        built_in = next((one for one in self._own.built_in_values() if one.name == which), None)
        if built_in is not None:
            return agents.agent_shown(built_in, self._own.built_in[which].instructions, tz, page=page)
        found = await self._own.seek(person, which)
        mistakes = await self._mistakes(found.kept) if found.kept else ()
        return agents.agent_shown(self._own.value(found, person), found.text, tz, page=page, mistakes=mistakes)

    async def _reviewed(self, person: Person, value: str, tz: str) -> View:
        agent_id, digest, page = agent_review.read_review(value)
        kept = await self._waiting(person, agent_id, digest)
        if kept is None:
            return notices.notice(agent_review.review_over("This agent"))
        shown = self._own.value(_found(kept), person, reviewing=True)
        return agent_review.review_shown(shown, kept.text, digest, tz, page)

    # Buttons

    async def act(self, request: Request) -> None:
        """Do what a button asks, or what follows of it. Raises PersonMends."""
        do = self._acts.get(request.action)
        if do is None:
            raise PersonMends("This button belongs to nothing here any more.", "Run the command again.")
        await do(request)

    async def _dry_run(self, request: Request) -> None:
        found = await self._own.seek(request.person, str(request.args.get("value") or ""))
        args: JsonObject = {"text": BEGIN, "as": found.id, "dry": True}
        await self._parts.enqueue(Request(f"{request.key}:run", request.person, ASK, "run", args))
        await self._say(request, notices.said("The dry run is in your direct messages with me."))

    async def _share(self, request: Request) -> None:
        mine = await self._own.mine(request.person, str(request.args.get("value") or ""))
        if mine.agent is None:
            raise PersonMends(f"The file of {mine.name} holds no more.", "Edit it first.")
        kept = await self._library.propose(request.person, mine.id, datetime.now(UTC))
        if kept is None or kept.state != "proposed":
            await self._say(request, notices.said(f"{mine.name} is shared just as it is already."))
            return
        reviewers = await self._reviewers(request.person)
        if not reviewers:
            raise PersonMends("There is no admin who could read it.", "It waits until there is one; share it then.")
        await self._parts.enqueue(_review_request(request.person, kept))
        await self._say(request, notices.said(f"An admin is asked to read {kept.name}. You are told what they decide."))

    async def _ask_review(self, request: Request) -> None:
        """Lay it before every admin; what they were asked of an earlier text is over."""
        agent_id, digest = str(request.args["agent"]), str(request.args["digest"])
        kept = next((one for one in await self._library.mine(request.person) if one.id == agent_id), None)
        if kept is None or kept.digest != digest or kept.state != "proposed":
            return
        asked: list[Posted] = []
        for number, admin in enumerate(await self._reviewers(request.person)):
            with suppress(OperatorMends):  # who cannot be written to keeps nobody else from being asked
                value = self._own.value(_found(kept), admin, reviewing=True)
                message = agent_review.review_request(value, kept.text, digest, await self._zone(admin))
                channel = await self._parts.slack.direct(admin)
                asked.append(await self._parts.posts.put(f"{request.key}:{number}", channel, message))
        earlier = [one for one in await self._asked(request.person, agent_id) if one not in asked]
        for posted in earlier:
            await self._parts.slack.update(posted, agent_review.review_over(kept.name))
        places = [[posted.channel, posted.ts] for posted in asked]
        await self._parts.documents.save(request.person, SPACE, f"asked:{agent_id}", places)

    async def _unshare(self, request: Request) -> None:
        kept = await self._library.unshare(request.person, str(request.args.get("value") or ""), datetime.now(UTC))
        if kept is None:
            raise PersonMends("This agent of yours is not there any more.", "See those there are: /meshclaw agents")
        await self._settle(request.person, kept.id, agent_review.review_over(kept.name))
        await self._say(request, notices.said(f"{kept.name} is yours alone again."))

    async def _remove(self, request: Request) -> None:
        agent_id = str(request.args.get("value") or "")
        await self._library.remove(request.person, agent_id)
        await self._settle(request.person, agent_id, agent_review.review_over("This agent"))
        await self._say(request, notices.said("It is removed."))

    async def _accept(self, request: Request) -> None:
        await self._review(request, accept=True)

    async def _decline(self, request: Request) -> None:
        await self._review(request, accept=False)

    async def _review(self, request: Request, *, accept: bool) -> None:
        """Decide it; telling of it is a request of its own, which may be repeated where this may not."""
        person = request.person
        agent_id, digest, _ = agent_review.read_review(str(request.args.get("value") or ""))
        kept = await self._waiting(person, agent_id, digest)
        if kept is not None:
            kept = await self._library.review(person, agent_id, digest, accept, datetime.now(UTC))
        if kept is None:
            await self._replace(request, agent_review.review_over("This agent"))
            return
        told: JsonObject = {"agent": kept.id, "name": kept.name, "owner": kept.owner.user, "accepted": accept}
        args = {**told, **{name: request.args[name] for name in ("channel", "ts", "view") if request.args.get(name)}}
        await self._parts.enqueue(Request(f"{request.key}:told", person, SPACE, "decided", args))

    async def _decided(self, request: Request) -> None:
        args, by = request.args, request.person
        owner = Person(by.team, str(args["owner"]))
        message = agent_review.review_decided(str(args["name"]), owner.user, by.user, accepted=args["accepted"] is True)
        await self._replace(request, message)
        await self._settle(owner, str(args["agent"]), message)
        if owner != by:
            with suppress(OperatorMends):
                await self._parts.posts.put(f"{request.key}:owner", await self._parts.slack.direct(owner), message)

    # The clock

    async def sweep(self, now: datetime) -> None:
        """Run what is due, each occurrence once: its request has the same key on every replica."""
        for due in await self._library.due(now):
            if await self._runs(due, now):
                args = {"text": _SCHEDULED, "as": due.id}
                await self._parts.enqueue(Request(due.key, due.person, ASK, "run", args))
            await self._library.advance(due)

    async def _runs(self, due: Due, now: datetime) -> bool:
        """Not for somebody who has left, is a guest, or has said stop."""
        member = await self._parts.slack.member(due.person.user)
        if not member.active or member.guest:
            return False
        return await self._parts.stops.standing(due.person, "", now) is None

    async def retime(self, person: Person, tz: str) -> None:
        """Let the schedules of somebody who lives in another time zone now follow them."""
        if any(kept.tz != tz for kept in await self._library.mine(person)):
            await self._library.retime(person, tz, datetime.now(UTC))

    # Who reviews

    async def _waiting(self, person: Person, agent_id: str, digest: str) -> Kept | None:
        """A proposal as this person may decide it; None when it is over. Raises PersonMends for who may not."""
        if not await self._parts.entitlement.is_admin(person):
            raise PersonMends("Only an admin can read and decide this.", "Ask one of them.")
        there = await self._library.proposed(person)
        kept = next((one for one in there if one.id == agent_id and one.digest == digest), None)
        if kept is not None and kept.owner == person and await self._reviewers(person) != [person]:
            raise PersonMends("This agent is your own: another admin has to read it.", "They have been asked.")
        return kept

    async def _reviewers(self, owner: Person) -> list[Person]:
        """The admins at this moment, without its owner where there is another."""
        policy, slack = self._parts.policy, self._parts.slack
        users = {*policy.admins, *await slack.admins(), owner.user}
        for group in policy.admin_groups:
            users |= await slack.group(group)
        people = [Person(owner.team, user) for user in sorted(users)]
        admins = [one for one in people if await self._parts.entitlement.is_admin(one)]
        return [one for one in admins if one != owner] or admins

    async def _asked(self, owner: Person, agent_id: str) -> list[Posted]:
        """Where admins were asked to review it."""
        places: Any = await self._parts.documents.load(owner, SPACE, f"asked:{agent_id}")
        return [Posted(str(channel), str(ts)) for channel, ts in places or ()]

    async def _settle(self, owner: Person, agent_id: str, message: Message) -> None:
        """What admins were asked becomes this."""
        for posted in await self._asked(owner, agent_id):
            await self._parts.slack.update(posted, message)
        await self._parts.documents.save(owner, SPACE, f"asked:{agent_id}", [])

    # Saying

    async def _say(self, request: Request, message: Message) -> None:
        """In the modal the button stands in, else beside its message."""
        view, slack = request.args.get("view"), self._parts.slack
        if view:
            await slack.update_view(str(view), notices.notice(message))
            return
        channel = request.channel or await slack.direct(request.person)
        await slack.whisper(channel, request.person, message, request.thread_ts)

    async def _replace(self, request: Request, message: Message) -> None:
        """In place of the message or the modal that was pressed."""
        view, channel, ts = (request.args.get(name) for name in ("view", "channel", "ts"))
        if view:
            await self._parts.slack.update_view(str(view), notices.notice(message))
        elif channel and ts:
            await self._parts.slack.update(Posted(str(channel), str(ts)), message)

    async def _values(self, person: Person) -> list[agents.AgentValue]:
        own = [self._own.value(one, person) for one in await self._own.visible(person)]
        return [*own, *self._own.built_in_values()]

    async def _mistakes(self, kept: Kept) -> Sequence[Mistake]:
        """Those of a file that holds no more."""
        if kept.agent is not None:
            return ()
        try:
            await self._own.read(kept.text)
        except AgentMistakes as error:
            return error.mistakes
        return ()

    async def _check_member(self, person: Person) -> None:
        member = await self._parts.slack.member(person.user)
        if member.guest or not member.active:
            raise PersonMends("MeshClaw works for members of this workspace only.", "Ask one of them to ask me.")

    async def _zone(self, person: Person) -> str:
        return (await self._parts.slack.profile(person)).tz


def _found(kept: Kept) -> Found:
    return Found(kept.name, kept.text, kept.agent, kept)


def _review_request(owner: Person, kept: Kept) -> Request:
    """Once for each text and version that is proposed."""
    args = {"agent": kept.id, "digest": kept.digest}
    return Request(f"review:{kept.id}:{kept.version}:{kept.digest[:16]}", owner, SPACE, "ask_review", args)
