"""The workspace's people, conversations and messages, and who may see which. No HTTP, no clock of its own.

Every difference is told to `observers` as a `Change`: the log a page follows, the journal on disk and the app's
events all hang on that one list.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from bot.workspace import seed
from bot.workspace.model import App, Change, Conversation, Group, Json, Message, Person, Session
from bot.workspace.timeline import Timeline
from bot.workspace.wire import message_json

EPHEMERALS_KEPT = 500  # per person; Slack keeps none beyond the client's own session


class State:
    def __init__(self, app: App, clock: Callable[[], float]) -> None:
        self.team = seed.TEAM
        self.app = app
        self.people: dict[str, Person] = {person.id: person for person in seed.PEOPLE}
        self.groups: dict[str, Group] = {}
        self.conversations: dict[str, Conversation] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.observers: list[Callable[[Change], None]] = []
        self._ids = {person.handle: person.id for person in seed.PEOPLE}
        self._timelines: dict[str, Timeline] = {}
        self._ephemerals: dict[str, deque[Message]] = {}
        self._clock = clock
        self._last_ts = 0

    def populate(
        self,
        conversations: Iterable[Conversation],
        messages: Iterable[Message],
        people: Iterable[Person] = (),
        groups: Iterable[Group] = (),
    ) -> None:
        """Takes over what was kept on disk, or a fresh workspace's conversations. Tells no observer."""
        self.people.update((person.id, person) for person in people)
        self.groups.update((group.id, group) for group in groups)
        for conversation in conversations:
            self.conversations[conversation.id] = conversation
            self._timelines[conversation.id] = Timeline()
        for message in messages:
            if message.channel in self._timelines:
                self._timelines[message.channel].add(message)
                self._last_ts = max(self._last_ts, int(Decimal(message.ts) * 1_000_000))

    def next_ts(self) -> str:
        """A timestamp no message has yet, always above the last."""
        self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def tell(self, change: Change) -> None:
        for observer in self.observers:
            observer(change)

    # People and conversations

    def person(self, name: str) -> Person | None:
        """The person with this id or handle (with or without its @)."""
        return self.people.get(name) or self.people.get(self._ids.get(name.removeprefix("@").lower(), ""))

    def set_person(self, person: Person) -> None:
        """Puts a person's new status in place of the old."""
        self.people[person.id] = person
        self.tell(Change("person_changed", actor=person.id))

    def set_group(self, handle: str, name: str | None, members: list[str]) -> Group:
        """Makes a user group, or changes the one of that handle; without a name it keeps its own."""
        current = next((one for one in self.groups.values() if one.handle == handle), None)
        if current is None:
            id = f"S01GROUP{len(self.groups) + 1:03d}"
            current = Group(id, handle, handle, [], int(self._clock()))
        group = replace(current, name=name or current.name, members=list(dict.fromkeys(members)))
        self.groups[group.id] = group
        self.tell(Change("group_changed", name=group.id))
        return group

    def active(self, members: Iterable[str]) -> list[str]:
        """Those of the members who are not deactivated: Slack lists nobody else."""
        return [id for id in members if (person := self.people.get(id)) is None or person.is_active]

    def direct_message(self, person: Person) -> Conversation:
        """The person's direct messages with the app, opened when they are not yet."""
        id = f"D{person.id[1:]}"
        if id not in self.conversations:
            self.add_conversation(
                Conversation(
                    id=id,
                    name=self.app.bot_handle,
                    kind="im",
                    is_private=True,
                    members=[person.id, self.app.bot_user_id],
                    created=int(self._clock()),
                    creator=self.app.bot_user_id,
                    person=person.id,
                )
            )
        return self.conversations[id]

    def between_people(self, one: Person, other: Person) -> Conversation:
        """The direct messages of two people, which the app never sees; with oneself, one's own notes."""
        members = sorted({one.id, other.id})
        id = "D02" + "".join(member[3:] for member in members)
        if id not in self.conversations:
            self.add_conversation(
                Conversation(
                    id=id,
                    name="",
                    kind="im",
                    is_private=True,
                    members=members,
                    created=int(self._clock()),
                    creator=one.id,
                )
            )
        return self.conversations[id]

    def add_conversation(self, conversation: Conversation) -> None:
        self.conversations[conversation.id] = conversation
        self._timelines[conversation.id] = Timeline()
        self.tell(Change("channel_created", channel=conversation.id))

    def conversation_named(self, name: str) -> Conversation | None:
        """By id, `#name` or bare name. Direct messages have no name that would be theirs alone."""
        if name in self.conversations:
            return self.conversations[name]
        bare = name.removeprefix("#")
        return next((one for one in self.conversations.values() if one.kind == "channel" and one.name == bare), None)

    def may_see(self, person: Person, conversation: Conversation) -> bool:
        """Members see; others see public channels only, and guests and strangers nothing they are not in."""
        if person.id in conversation.members:
            return True
        outsider = person.is_guest or person.is_stranger
        return conversation.kind == "channel" and not conversation.is_private and not outsider

    def rename(self, conversation: Conversation, name: str) -> None:
        conversation.name = name
        self.tell(Change("channel_renamed", channel=conversation.id, name=name))

    def shared(self, conversation: Conversation) -> bool:
        """Whether people of another company are in it."""
        return any(self.people[id].is_stranger for id in self.active(conversation.members) if id in self.people)

    def join(self, conversation: Conversation, user: str, inviter: str | None = None) -> bool:
        if user in conversation.members:
            return False
        conversation.members.append(user)
        self.tell(Change("member_joined", channel=conversation.id, person=None, actor=user, name=inviter))
        return True

    def leave(self, conversation: Conversation, user: str) -> bool:
        if user not in conversation.members:
            return False
        conversation.members.remove(user)
        self.tell(Change("member_left", channel=conversation.id, actor=user))
        return True

    # Messages

    def timeline(self, channel: str) -> Timeline:
        return self._timelines[channel]

    def message(self, channel: str, ts: str) -> Message | None:
        timeline = self._timelines.get(channel)
        return timeline.get(ts) if timeline else None

    def root_of(self, channel: str, ts: str) -> str | None:
        """The thread a message belongs to, or would start: its root's timestamp. None when there is no such message."""
        message = self.message(channel, ts)
        return (message.thread_ts or message.ts) if message else None

    def post(self, message: Message) -> Message:
        self._timelines[message.channel].add(message)
        self.tell(
            Change("message", message.channel, message.ts, message.thread_ts, actor=message.user, message=message)
        )
        return message

    def changed(self, message: Message, previous: Json, *, silent: bool = False) -> None:
        """Tells that a message has changed in place; `silent` changes (a stream growing) are no events for the app."""
        kind = "message_streamed" if silent else "message_changed"
        self.tell(
            Change(
                kind,
                message.channel,
                message.ts,
                message.thread_ts,
                person=message.ephemeral_to,
                actor=message.user,
                message=message,
                previous=previous,
            )
        )

    def delete(self, message: Message) -> None:
        previous = message_json(message)
        if message.ephemeral_to:
            self._ephemerals[message.ephemeral_to].remove(message)
        else:
            self._timelines[message.channel].remove(message.ts)
        self.tell(
            Change(
                "message_deleted",
                message.channel,
                message.ts,
                message.thread_ts,
                person=message.ephemeral_to,
                actor=message.user,
                message=message,
                previous=previous,
            )
        )

    def react(self, message: Message, name: str, user: str) -> bool:
        """False when that person has already given that reaction."""
        users = message.reactions.setdefault(name, [])
        if user in users:
            return False
        users.append(user)
        self.tell(self._reaction("reaction_added", message, name, user))
        return True

    def unreact(self, message: Message, name: str, user: str) -> bool:
        users = message.reactions.get(name, [])
        if user not in users:
            return False
        users.remove(user)
        if not users:
            del message.reactions[name]
        self.tell(self._reaction("reaction_removed", message, name, user))
        return True

    @staticmethod
    def _reaction(kind: str, message: Message, name: str, user: str) -> Change:
        return Change(kind, message.channel, message.ts, message.thread_ts, actor=user, message=message, name=name)

    # Ephemeral messages: in no history, seen by one person, gone with the process

    def whisper(self, message: Message) -> Message:
        assert message.ephemeral_to
        kept = self._ephemerals.setdefault(message.ephemeral_to, deque(maxlen=EPHEMERALS_KEPT))
        kept.append(message)
        self.tell(
            Change(
                "message",
                message.channel,
                message.ts,
                message.thread_ts,
                person=message.ephemeral_to,
                actor=message.user,
                message=message,
            )
        )
        return message

    def whispered(self, person: str, channel: str, ts: str | None = None) -> list[Message]:
        kept = self._ephemerals.get(person, ())
        return [one for one in kept if one.channel == channel and ts in (None, one.ts)]

    def seen_by(self, person: Person, channel: str, ts: str) -> Message | None:
        """The message with that timestamp as that person has it before them, ephemeral ones included."""
        whispers = self.whispered(person.id, channel, ts)
        return self.message(channel, ts) or (whispers[0] if whispers else None)


def normal_ts(value: str | None) -> str | None:
    """A timestamp argument ("0", "1700000000", "1700000000.5") in the form messages have; None when it is no number."""
    if value in (None, ""):
        return None
    try:
        number = Decimal(str(value))
        if not number.is_finite() or number < 0:
            return None
        return f"{number:017.6f}"
    except InvalidOperation:
        return None
