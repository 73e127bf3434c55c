"""The script of the sample mailboxes: reads the text files beside this module into frozen values.

A mailbox is a folder named after its owner; each of its files holds the mails of one Maildir folder, the one the file's
name starts with (`INBOX.people.txt` → INBOX). A mail is written as

    %% key | sender | script day and time | expected bucket | flags
    Subject
    directive: value
    Header-Name: value

    Body, with {+4 day} for dates.

`key` names the mail inside its mailbox, `sender` an entry of senders.toml ("me" is the owner). Lower-case names are
DIRECTIVES, capitalised ones headers taken over word for word. The bucket stands in the INBOX only.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from datetime import time
from functools import cache, cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
DOMAIN = "kestrelmoor.example"
BUCKETS = frozenset({"needs_reply", "needs_action", "fyi", "newsletter", "notification", "junk", "to_check"})
FOLDERS = ("INBOX", "Sent", "Archive", "Junk", "Trash", "Drafts", "Receipts", "Projects")
DIRECTIVES = {
    "from": "name and address, where a sender's kind is borrowed by somebody not listed",
    "author": "the person behind a list or forge: a name, or a name and address",
    "to": "senders or addresses, when it is not the owner alone",
    "cc": "senders or addresses",
    "re": "the key of the mail this one answers",
    "quote": "yes: the answered mail is quoted below",
    "form": "text, html, both, or raw for a body that is the whole message",
    "charset": "of subject, names and body",
    "encoding": "the body's Content-Transfer-Encoding",
    "preheader": "text an HTML mail shows in the list and hides when opened",
    "hidden": "text of an HTML mail nobody is meant to see",
    "attach": "file names; `parts` makes their contents",
    "invite": "day, time, minutes, METHOD and place of a calendar event",
    "auth": "another kind's verdict of the receiving server",
}

_MAIL = re.compile(r"^%% ", re.MULTILINE)
_REPLY_MARK = re.compile(r"^(?:(?:re|fwd?|aw|sv|回覆|回复)\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True)
class Owner:
    """A person with a sample mailbox."""

    name: str
    address: str
    zone: ZoneInfo


@dataclass(frozen=True)
class Sender:
    """Somebody or something that writes: `kind` decides the headers its mail carries (see `headers`)."""

    name: str
    address: str
    kind: str
    signature: str = ""
    unsubscribe: str = ""
    list_id: str = ""
    colour: str = "#30475e"

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def is_person(self) -> bool:
        return self.kind in {"person", "list"}


@dataclass(frozen=True)
class Mail:
    """One mail of the script; `number` is its place in the mailbox and makes file names unique."""

    number: int
    folder: str
    key: str
    sender: str
    day: int
    at: time
    bucket: str
    flags: str
    subject: str
    body: str
    directives: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def names(self, directive: str) -> list[str]:
        """The comma-separated values of a directive, empty when it is not given."""
        return [name.strip() for name in self.directives.get(directive, "").split(",") if name.strip()]


@dataclass(frozen=True)
class Mailbox:
    """One owner's script with its threads resolved."""

    handle: str
    owner: Owner
    mails: tuple[Mail, ...]
    by_key: dict[str, Mail]

    def sender(self, mail: Mail) -> Sender:
        """Who wrote this mail; `from: Name <address>` borrows another sender's kind under its own name."""
        if mail.sender == "me":
            return Sender(self.owner.name, self.owner.address, "person")
        sender = senders()[mail.sender]
        if "from" not in mail.directives:
            return sender
        name, _, address = mail.directives["from"].rpartition("<")
        return Sender(
            name.strip(), address.rstrip(">"), sender.kind, "", sender.unsubscribe, sender.list_id, sender.colour
        )

    def message_id(self, mail: Mail) -> str:
        """The same at every filling: made from owner and key alone."""
        digest = hashlib.sha256(f"{self.handle}/{mail.key}".encode()).hexdigest()
        return f"<{digest[:20]}@{self.sender(mail).domain}>"

    def parent(self, mail: Mail) -> Mail | None:
        """The mail this one answers."""
        return self.by_key[mail.directives["re"]] if "re" in mail.directives else None

    def ancestors(self, mail: Mail) -> list[Mail]:
        """The thread above this mail, oldest first."""
        line: list[Mail] = []
        above = self.parent(mail)
        while above is not None:
            line.insert(0, above)
            above = self.parent(above)
        return line

    def subject(self, mail: Mail) -> str:
        """The subject; a bare "Re:" takes the parent's, and `<no subject>` stands for none."""
        above = self.parent(mail)
        if mail.subject == "<no subject>":
            return ""
        if mail.subject != "Re:" or above is None:
            return mail.subject
        return f"Re: {_REPLY_MARK.sub('', self.subject(above))}"

    @cached_property
    def _answered(self) -> frozenset[str | None]:
        return frozenset(mail.directives.get("re") for mail in self.mails if mail.folder == "Sent")

    def flags(self, mail: Mail) -> str:
        """Maildir flag letters in order; a mail the owner answered is Seen and Replied."""
        flags = set(mail.flags)
        if mail.folder not in {"INBOX", "Junk"}:
            flags.add("S")
        if mail.key in self._answered:
            flags |= {"R", "S"}
        return "".join(sorted(flags))


@cache
def owners() -> dict[str, Owner]:
    """Everybody with a mailbox, by handle."""
    table = tomllib.loads((HERE / "owners.toml").read_text("utf-8"))
    return {handle: Owner(row["name"], f"{handle}@{DOMAIN}", ZoneInfo(row["zone"])) for handle, row in table.items()}


@cache
def senders() -> dict[str, Sender]:
    """Everybody who writes, by the name the script calls them."""
    table = tomllib.loads((HERE / "senders.toml").read_text("utf-8"))
    people = {handle: Sender(owner.name, owner.address, "person") for handle, owner in owners().items()}
    return people | {key: Sender(**row) for key, row in table.items()}


@cache
def mailbox(handle: str) -> Mailbox:
    """The script of one owner. Raises KeyError for a person without a mailbox."""
    owner = owners()[handle]
    mails: list[Mail] = []
    for path in sorted((HERE / handle).glob("*.txt")):
        folder = path.name.partition(".")[0]
        _, *chunks = _MAIL.split(path.read_text("utf-8"))
        mails.extend(_mail(chunk, folder, len(mails) + place) for place, chunk in enumerate(chunks))
    return Mailbox(handle, owner, tuple(mails), {mail.key: mail for mail in mails})


def _mail(chunk: str, folder: str, number: int) -> Mail:
    head, _, body = chunk.partition("\n\n")
    meta, subject, *lines = head.split("\n")
    key, sender, when, bucket, flags = ([part.strip() for part in meta.split("|")] + ["", ""])[:5]
    day, _, at = when.partition(" ")
    pairs = [line.partition(":")[::2] for line in lines]
    values = {name: value.strip() for name, value in pairs}
    return Mail(
        number=number,
        folder=folder,
        key=key,
        sender=sender,
        day=int(day),
        at=time.fromisoformat(at),
        bucket=bucket,
        flags=flags,
        subject=subject,
        body=body.strip("\n") + "\n",
        directives={name: value for name, value in values.items() if name[0].islower()},
        headers={name: value for name, value in values.items() if name[0].isupper()},
    )
