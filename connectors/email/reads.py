"""The mail tools that read: nothing they do leaves a trace in the mailbox, not even \\Seen."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject
from bot.contracts.people import Person
from bot.contracts.tools import CallView, Effect, Noun, Offer, Reading, Tool, ToolContext
from connectors.email import said as offers
from connectors.email.arguments import read
from connectors.email.headers import one_line
from connectors.email.ids import Ids, unknown
from connectors.email.mailbox import FoundMails, Mailbox
from connectors.email.reading import listed, told
from connectors.email.said import Names, Open, ReadArguments, ReadSaid, SearchArguments, folder_meant, meant, shown_of
from connectors.email.search import Wanted, sought, words_of

ORIGIN = "your mail"
_MAILS = Noun("mail", "mails")


class SearchTool(Tool):
    """`mail.search`: mails of the person's mailbox, a line each."""

    name = "mail.search"
    effect: Effect | None = Effect.READ

    def __init__(self, opened: Open, names: Names) -> None:
        self._opened, self._names = opened, names

    def check(self, args: JsonObject) -> None:
        read(SearchArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        given = read(SearchArguments, args)
        where = given.folder or "inbox and archive"
        return CallView("Search", "your mail", where, (_asked(given) or "the newest mails",), False, own=True)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def offer(self) -> Offer | None:
        return offers.SEARCH

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        args = meant(said)
        self.check(args)
        return args

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        given = read(SearchArguments, args)
        wanted = _wanted(given)
        async with self._opened(context.person) as mailbox:
            folders = await _folders(mailbox, given.folder)
            found = {folder: await mailbox.search(folder, wanted, given.limit) for folder in folders}
        return Reading(_told(given, found, await self._names(context.person)), ORIGIN)


class ReadTool(Tool):
    """`mail.read`: one mail, its head and its text."""

    name = "mail.read"
    effect: Effect | None = Effect.READ

    def __init__(self, opened: Open, names: Names) -> None:
        self._opened, self._names = opened, names

    def check(self, args: JsonObject) -> None:
        read(ReadArguments, args)

    def describe(self, args: JsonObject) -> CallView:
        given = read(ReadArguments, args)
        subject = one_line(given.subject) or "(no subject)"
        return CallView("Read", one_line(given.sender) or "a mail", "", (subject,), False, own=True, things=_MAILS)

    def without(self, args: JsonObject, left_out: Collection[int]) -> JsonObject | None:
        return None if 0 in left_out else args

    def offer(self) -> Offer | None:
        return offers.READ

    async def completed(self, person: Person, said: JsonObject) -> JsonObject:
        name = read(ReadSaid, meant(said)).id
        ids = await self._names(person)
        async with self._opened(person) as mailbox:
            ref = (await mailbox.resolve(ids, [name]))[name]
            mail = (await mailbox.heads([ref])).mails.get(ref)
        if mail is None:
            raise unknown(name)
        return {"id": name, **shown_of(mail)}

    async def read(self, context: ToolContext, args: JsonObject) -> Reading:
        name = read(ReadArguments, args).id
        ids = await self._names(context.person)
        async with self._opened(context.person) as mailbox:
            whole = await mailbox.whole((await mailbox.resolve(ids, [name]))[name])
        if whole is None:
            raise unknown(name)
        return Reading(told(name, whole), ORIGIN)


def _wanted(given: SearchArguments) -> Wanted:
    words, sender, subject = sought(given.query), words_of(given.sender), words_of(given.subject)
    asked = ((given.query, words), (given.sender, sender), (given.subject, subject))
    return Wanted(
        words,
        sender,
        subject,
        none=any(text.strip() and not found for text, found in asked),
        since=offers.moment(given.since, datetime.now(UTC)),
        unread=given.unread,
    )


async def _folders(mailbox: Mailbox, named: str | None) -> Sequence[str]:
    """Where to look: the folder that was named, else the inbox and the archive. Raises PersonMends."""
    if named is not None:
        return [await folder_meant(mailbox, named)]
    usual = [await mailbox.place(role, create=False) for role in ("\\Inbox", "\\Archive")]
    found = list(dict.fromkeys(folder for folder in usual if folder))
    if not found:
        raise PersonMends("This mailbox has neither an inbox nor an archive.", "Name a folder.")
    return found


def _told(given: SearchArguments, found: dict[str, FoundMails], ids: Ids) -> str:
    """The mails, each once, under a line that says what was looked for and how far."""
    exact = {folder: each for folder, each in found.items() if each.mails and not each.some}
    best = exact or found
    seen: set[str] = set()
    mails = []
    for mail in (mail for each in best.values() for mail in each.mails):
        if not mail.message_id or mail.message_id not in seen:
            mails.append(mail)
        seen.add(mail.message_id)
    if exact:
        mails.sort(key=lambda mail: mail.received, reverse=True)
    mails = mails[: given.limit]
    asked, folders = _asked(given), " and ".join(found)
    heading = f"{len(mails) or 'No'} mail{'' if len(mails) == 1 else 's'} in {folders}"
    heading += f" for {asked}" if asked else ""
    lines = [f"{heading}{', times in UTC' if mails else ''}:" if mails else f"{heading}."]
    lines += [listed(ids.name(mail.ref), mail) for mail in mails]
    if mails and not exact and any(each.some for each in best.values()):
        lines.append("None of them has all the words; these have some.")
    if len(mails) == given.limit:
        lines.append(f"There may be more: no more than {given.limit} were asked for.")
    for folder, each in found.items():
        if each.looked_at:
            lines.append(f"In {folder} only the newest {each.looked_at:,} mails were looked at.")
    return "\n".join(lines)


def _asked(given: SearchArguments) -> str:
    """What was looked for, in words."""
    query = one_line(given.query)
    parts = [f"“{query}”"] if query else []
    parts += [f"from “{one_line(given.sender)}”"] if one_line(given.sender) else []
    parts += [f"with the subject “{one_line(given.subject)}”"] if one_line(given.subject) else []
    since = str(given.since).strip()
    parts += [f"of the last {since} days" if since.isdigit() else f"since {since}"] if since else []
    parts += ["unread"] if given.unread else []
    return ", ".join(parts)
