"""What the mail connector can do to a mailbox: move mails, and set or clear a flag. Nothing here deletes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from bot.contracts.errors import MeshClawError, PersonMends
from bot.contracts.forms import FormField
from bot.contracts.json import JsonObject
from bot.contracts.mail import FolderRole, Mail, MailRef, Sought, Traces
from bot.contracts.people import Person
from bot.contracts.tools import Call, CallView, Effect, Facets, Noun, Offer, Outcome, Tool, ToolContext, Unfinished
from connectors.email import said as offers
from connectors.email.arguments import FlagArguments, MailArgument, MoveArguments, read, with_mails
from connectors.email.folders import wanted_role
from connectors.email.headers import one_line
from connectors.email.mailbox import Heads
from connectors.email.provider import ConnectionLost, Shift
from connectors.email.said import FlagSaid, MoveSaid, Names, Open, mails_meant, meant, target_meant

_MAILS, _SENDERS = Noun("mail", "mails"), Noun("sender", "senders")
_TRUE_VERBS = {"\\Archive": "Archive", "\\Junk": "File"}
_FLAG_WORDS = {"\\flagged": ("Flag", "Unflag"), "\\seen": ("Mark as read", "Mark as unread")}


class _Tally:
    """What a call has come to so far."""

    def __init__(self) -> None:
        self.moved: dict[MailRef, MailRef] = {}
        self.gone: set[MailRef] = set()
        self.unknown: set[MailRef] = set()
        self.stayed: set[MailRef] = set()
        self.reason = ""
        self.said: list[str] = []

    def add(self, shift: Shift) -> None:
        self.moved |= shift.now
        self.gone |= set(shift.gone)
        self.stayed |= set(shift.stayed)
        self.reason = shift.reason or self.reason

    @property
    def state(self) -> Literal["done", "failed", "unknown"]:
        if self.unknown:
            return "unknown"
        return "failed" if self.stayed and not self.moved else "done"

    def note(self, asked: int) -> str:
        """What the counts do not tell; they do tell how many were gone or are unknown."""
        said = list(self.said)
        if self.stayed:
            said.append(f"{_all(len(self.stayed), asked)} stayed where they were: {self.reason}")
        lasting = sum(not now.uid for now in self.moved.values())
        if lasting:
            said.append(f"{_all(lasting, asked)} cannot be moved back: the server did not tell the new place.")
        return " ".join(said)


def _all(count: int, of: int) -> str:
    return f"All {count}" if count == of and count > 1 else str(count)


class MoveTool(Tool):
    """`mail.move`: mails of one folder to another, taken back by moving them again."""

    name = "mail.move"
    effect: Effect | None = Effect.OWN

    def __init__(self, opened: Open, names: Names) -> None:
        self._opened, self._names = opened, names

    def check(self, args: JsonObject) -> None:
        read(MoveArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        given = read(MoveArguments, args)
        heading = _subject(given.subject, given.mails)
        return CallView(
            verb=_verb(given),
            subject=heading,
            where=f"{given.folder} → {_folder_words(given.to)}",
            items=tuple(_item(mail, heading) for mail in given.mails),
            reversible=True,
            group=given.group,
            own=True,
            things=_MAILS,
            subjects=_SENDERS,
        )

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        given = read(MoveArguments, args)
        kept = [mail for index, mail in enumerate(given.mails) if index not in left_out]
        return with_mails(given, kept) if kept else None

    def facets(self, args: JsonObject) -> Facets:
        """`sender`: the address each mail has to be of, which `perform` looks at; empty where any would do."""
        given = read(MoveArguments, args)
        return {"folder": (given.folder,), "to": (given.to,), "sender": given.addresses}

    def fields(self, args: JsonObject) -> Sequence[FormField]:
        given = read(MoveArguments, args)
        return (FormField("to", "Folder to move to", initial=_folder_words(given.to)),)

    def edited(self, args: JsonObject, values: Mapping[str, str]) -> JsonObject:
        given = read(MoveArguments, args)
        shown, to = _folder_words(given.to), values.get("to", "").strip()
        if to == shown.strip():  # as it stood there: the role, and no folder of that name
            return args
        changed: JsonObject = {**args, "to": to, "verb": "Move"}
        try:
            wanted = read(MoveArguments, changed)
        except PersonMends:
            wanted = None
        if wanted is None or to.startswith("\\"):
            raise PersonMends("This is no name of a folder.", "Write it as your mail program shows it.", field="to")
        if to == given.folder:
            raise PersonMends(f"They are in {to} already.", "Name another folder.", field="to")
        return changed

    def offer(self) -> Offer | None:
        return offers.MOVE

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        given = read(MoveSaid, meant(said))
        ids = await self._names(person)
        async with self._opened(person) as mailbox:
            args = await mails_meant(mailbox, ids, given.ids)
            to = await target_meant(mailbox, given.to)
            if args["folder"] == await mailbox.place(to, create=False):
                raise PersonMends(f"They are in {args['folder']} already.", "Name another folder.")
        return {**args, "to": to, "verb": _TRUE_VERBS.get(to, "Move")}

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        given = read(MoveArguments, args)
        async with self._opened(context.person) as mailbox:
            places = given.places()
            tally = _Tally()
            there = _as_shown(await mailbox.heads(list(places)), places, tally)
            if not there:
                return _moved(given, given.to, tally)
            to = await mailbox.place(given.to, create=True)
            if to is None or to == given.folder:
                return Outcome("done", note=f"They are in {to or given.to} already.")
            sought = [Sought(ref, places[ref].message_id) for ref in there]
            try:
                result = await mailbox.move(sought, to)
            except ConnectionLost:
                lost = sought
            else:
                tally.add(result)
                return _moved(given, to, tally)
        await self._after_loss(context.person, lost, to, tally)
        return _moved(given, to, tally)

    async def _after_loss(self, person: Person, sought: list[Sought], to: str, tally: _Tally) -> None:
        """The connection broke while mails were moving: look where each of them is, and move the rest, once."""
        try:
            async with self._opened(person) as mailbox:
                traces = await mailbox.seek(sought, to)
                tally.moved |= traces.moved
                tally.unknown |= set(traces.lost)
                rest = [item for item in sought if item.ref in traces.unmoved]
                if rest:
                    tally.unknown |= set(traces.unmoved)
                    result = await mailbox.move(rest, to)
                    tally.unknown -= set(traces.unmoved)
                    tally.add(result)
        except MeshClawError:
            tally.unknown |= {item.ref for item in sought} - set(tally.moved)

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        given = read(MoveArguments, args)
        async with self._opened(context.person) as mailbox:
            to = await mailbox.place(given.to, create=False)
            traces = await mailbox.seek(given.sought(), to)
        tally = _Tally()
        tally.moved |= traces.moved
        tally.unknown = set(traces.lost)
        return Unfinished(_moved(given, to or given.to, tally), _rest(self.name, given, traces))


class FlagTool(Tool):
    """`mail.flag`: put a flag on mails, or take it off; taken back on those it changed."""

    name = "mail.flag"
    effect: Effect | None = Effect.OWN

    def __init__(self, opened: Open, names: Names) -> None:
        self._opened, self._names = opened, names

    def check(self, args: JsonObject) -> None:
        read(FlagArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        given = read(FlagArguments, args)
        heading = _subject(given.subject, given.mails)
        return CallView(
            verb=_flag_words(given),
            subject=heading,
            where=given.folder if given.flag.lower() in _FLAG_WORDS else f"{given.folder}, {given.flag}",
            items=tuple(_item(mail, heading) for mail in given.mails),
            reversible=True,
            group=given.group,
            own=True,
            things=_MAILS,
            subjects=_SENDERS,
        )

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        given = read(FlagArguments, args)
        kept = [mail for index, mail in enumerate(given.mails) if index not in left_out]
        return with_mails(given, kept) if kept else None

    def facets(self, args: JsonObject) -> Facets:
        """`sender` as of `mail.move`; `on`: put on or taken off."""
        given = read(FlagArguments, args)
        on = "true" if given.on else "false"
        return {"folder": (given.folder,), "flag": (given.flag,), "on": (on,), "sender": given.addresses}

    def offer(self) -> Offer | None:
        return offers.FLAG

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        given = read(FlagSaid, meant(said))
        ids = await self._names(person)
        async with self._opened(person) as mailbox:
            args = await mails_meant(mailbox, ids, given.ids)
        return {**args, "flag": f"\\{given.flag.capitalize()}", "on": given.on}

    async def perform(self, context: ToolContext, args: JsonObject) -> Outcome:
        given = read(FlagArguments, args)
        async with self._opened(context.person) as mailbox:
            places = given.places()
            tally = _Tally()
            there = _as_shown(await mailbox.heads(list(places)), places, tally)
            if not there:
                return Outcome("done", gone=len(tally.gone), note=tally.note(len(places)))
            try:
                result = await mailbox.flag(list(there), given.flag, given.on)
            except ConnectionLost:
                tally.said.append("The mail server went away in the middle of it.")
                note = tally.note(len(places))
                return Outcome("unknown", gone=len(tally.gone), unknown=len(there), note=note)
        tally.gone |= set(there) - {*result.changed, *result.unchanged}
        if result.unchanged:
            tally.said.append(f"{_all(len(result.unchanged), len(places))} had it so already.")
        return Outcome(
            "done",
            count=len(result.changed),
            gone=len(tally.gone),
            note=tally.note(len(places)),
            inverse=self._inverse(given, [places[ref] for ref in result.changed]),
        )

    def _inverse(self, given: FlagArguments, mails: list[MailArgument]) -> Call | None:
        return Call(self.name, with_mails(given, mails, on=not given.on)) if mails else None

    async def look_back(self, context: ToolContext, args: JsonObject) -> Unfinished | None:
        """Setting a flag twice does no harm, so what is not set yet may run. Of what is set nobody knows who set it,
        and taking it back is not offered."""
        given = read(FlagArguments, args)
        async with self._opened(context.person) as mailbox:
            places = given.places()
            heads = await mailbox.heads(list(places))
        flag = given.flag.lower()
        tally = _Tally()
        there = _as_shown(heads, places, tally)
        settled = {ref for ref, mail in there.items() if (flag in {have.lower() for have in mail.flags}) is given.on}
        rest = [places[ref] for ref in there if ref not in settled]
        outcome = Outcome("done", count=len(settled), gone=len(tally.gone), note=tally.note(len(places)))
        return Unfinished(outcome, Call(self.name, with_mails(given, rest)) if rest else None)


def _as_shown(heads: Heads, places: Mapping[MailRef, MailArgument], tally: _Tally) -> dict[MailRef, Mail]:
    """The mails that are there and are what the card showed; the tally learns of the others."""
    there = {ref: mail for ref, mail in heads.mails.items() if _is_shown(mail, places[ref])}
    others = len(heads.mails) - len(there)
    if heads.renumbered:
        tally.said.append("The server numbered this folder anew, and old numbers say nothing: sort it again.")
    elif others:
        tally.said.append(f"In the place of {others} there is another mail now, which was left alone.")
    tally.gone = set(places) - set(there)
    return there


def _is_shown(mail: Mail, shown: MailArgument) -> bool:
    """Whether the mail at a place is the one the arguments tell of. A caller may cut a subject short, ending in …"""
    if shown.message_id and shown.message_id != mail.message_id:
        return False
    if shown.sender and shown.address != mail.sender.address.lower():
        return False  # exactly: a grant for one sender is held by this line
    subject = one_line(shown.subject).removesuffix("…").rstrip()
    return not subject or not mail.subject or one_line(mail.subject).startswith(subject)


def _moved(given: MoveArguments, to: str, tally: _Tally) -> Outcome:
    """The outcome of a move, with the call that takes it back."""
    places = given.places()
    back = [
        places[old].model_copy(update={"uid": now.uid, "validity": now.validity})
        for old, now in tally.moved.items()
        if now.uid
    ]
    inverse = with_mails(given, back, folder=to, to=given.folder, verb="Move") if back else None
    return Outcome(
        tally.state,
        count=len(tally.moved),
        gone=len(tally.gone),
        unknown=len(tally.unknown),
        note=tally.note(len(places)),
        inverse=Call(MoveTool.name, inverse) if inverse else None,
    )


def _rest(name: str, given: MoveArguments, traces: Traces) -> Call | None:
    places = given.places()
    rest = [places[ref] for ref in traces.unmoved]
    return Call(name, with_mails(given, rest)) if rest else None


def _subject(subject: str, mails: list[MailArgument]) -> str:
    """Whose mails these are: told by the mails themselves where they agree, since `subject` is only a caption."""
    senders = {mail.sender for mail in mails}
    sender = next(iter(senders)) if len(senders) == 1 else ""
    return one_line(sender or subject) or f"{len(mails)} mail{'s' if len(mails) > 1 else ''}"


def _item(mail: MailArgument, heading: str) -> str:
    """One mail in a line, under a heading that names the sender already where all are of one."""
    sender = "" if one_line(mail.sender) == heading else mail.sender
    parts: Iterable[str] = (sender, mail.subject or "(no subject)", mail.why, mail.date)
    return " · ".join(one_line(part) for part in parts if one_line(part))


def _verb(given: MoveArguments) -> str:
    """The caller's word where it is true of the folder."""
    true = {"Archive": FolderRole.ARCHIVE, "File": FolderRole.JUNK}.get(given.verb)
    return given.verb if true is not None and wanted_role(given.to) is true else "Move"


def _folder_words(to: str) -> str:
    role = wanted_role(to)
    return role.value.capitalize() if role else to


def _flag_words(given: FlagArguments) -> str:
    on, off = _FLAG_WORDS.get(given.flag.lower(), ("Mark", "Unmark"))
    return on if given.on else off
