"""Mailboxes to test against. Both providers keep their mail in a Maildir on disk, so that a test can look at it, and
meddle with it, as another mail program would."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from bot.contracts.connectors import Connection
from bot.contracts.json import Json
from bot.contracts.people import Person
from bot.contracts.tools import ToolContext
from connectors.email.address import imap_connection, maildir_connection
from connectors.email.mail import MailConnector
from tests.dovecot import Dovecot, dovecot, missing

START = 1_790_000_000
"""Delivery time of the first mail, seconds since the epoch; each further one is a minute younger."""


@dataclass
class Accounts:
    """Implements `contracts.Connections`: what people connected, and what connectors keep."""

    known: dict[str, Connection] = field(default_factory=dict)
    notes: dict[str, Json] = field(default_factory=dict)

    async def get(self, person: Person, connector: str) -> Connection | None:
        return self.known.get(person.owner) if connector == "mail" else None

    async def kept(self, connector: str, name: str) -> Json:
        return self.notes.get(f"{connector}/{name}")

    async def keep(self, connector: str, name: str, value: Json) -> None:
        self.notes[f"{connector}/{name}"] = value


@dataclass
class Box:
    """A person's mailbox: `root` is its Maildir on disk."""

    root: Path
    connection: Connection
    person: Person
    server: Dovecot | None = None
    delivered: Iterator[int] = field(default_factory=count)

    @property
    def context(self) -> ToolContext:
        return ToolContext(self.person, "act-1")

    def directory(self, folder: str) -> Path:
        return self.root if folder == "INBOX" else self.root / f".{folder.replace('/', '.')}"

    def make(self, folder: str) -> None:
        for part in ("cur", "new", "tmp"):
            (self.directory(folder) / part).mkdir(parents=True, exist_ok=True)
        self._adopt()

    def deliver(self, how_many: int = 1, folder: str = "INBOX", **headers: str) -> None:
        """Put mails into a folder. `flags`: Maildir letters; `body`; other words are headers."""
        letters, body = headers.pop("flags", ""), headers.pop("body", "Hello there.\n")
        self.make(folder)
        for _ in range(how_many):
            number = next(self.delivered)
            given = {
                "From": f"Ann {number} <ann{number}@news.example>",
                "To": "ada@example.com",
                "Subject": f"Letter {number}",
                "Message-ID": f"<m{number}@news.example>",
                "Date": "Mon, 2 Nov 2026 10:00:00 +0000",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            }
            path = self.directory(folder) / "cur" / f"{START + number}.M{number}P1.test:2,{letters}"
            head = "".join(f"{name}: {value}\n" for name, value in given.items() if value)
            path.write_text(f"{head}\n{body}", encoding="utf-8")
            os.utime(path, (START + 60 * number, START + 60 * number))
        self._adopt()

    def deliver_raw(self, content: bytes) -> None:
        """Put a file into the inbox that need not be a proper mail."""
        number = next(self.delivered)
        path = self.root / "cur" / f"{START + number}.M{number}P1.test:2,"
        path.write_bytes(content)
        os.utime(path, (START + 60 * number, START + 60 * number))
        self._adopt()

    def _adopt(self) -> None:
        if self.server:
            self.server.adopt(self.root.parent)

    def names(self, folder: str = "INBOX") -> list[str]:
        """Which mails are in a folder on disk, with their flags: `number:letters`."""
        found = []
        for part in ("cur", "new"):
            path = self.directory(folder) / part
            for file in path.iterdir() if path.exists() else ():
                subject = next(line for line in file.read_text().splitlines() if line.startswith("Subject: "))
                letters = "".join(letter for letter in file.name.partition(":2,")[2] if letter.isupper())
                found.append(f"{subject.removeprefix('Subject: ').removeprefix('Letter ')}:{letters}")
        return sorted(found, key=lambda name: (len(name.partition(":")[0]), name.partition(":")[0], name))

    def file(self, number: int, folder: str = "INBOX") -> Path:
        for file in [*(self.directory(folder) / "cur").iterdir(), *(self.directory(folder) / "new").iterdir()]:
            if f"\nSubject: Letter {number}\n" in file.read_text():
                return file
        raise LookupError(number)

    def by_hand(self, number: int, to: str, folder: str = "INBOX") -> None:
        """Move a mail as another program would."""
        self.make(to)
        file = self.file(number, folder)
        os.rename(file, self.directory(to) / "cur" / f"{START}.by_hand{number}.test:2,S")


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    """One Dovecot for all tests; each of them has a user of its own."""
    if missing():
        pytest.skip(missing())
    with dovecot() as running:
        yield running


_people = count(1)


def imap_box(server: Dovecot, security: str = "tls", user: str = "") -> Box:
    user = user or f"user{next(_people)}"
    port = server.tls if security == "tls" else server.plain
    connection = imap_connection("localhost", port, security, user, "secret")
    box = Box(server.home(user), connection, Person("T1", user), server)
    box.make("INBOX")
    return box


def maildir_box(directory: Path) -> Box:
    root = directory / "Maildir"
    box = Box(root, maildir_connection(str(root)), Person("T1", f"user{next(_people)}"))
    box.make("INBOX")
    return box


@pytest.fixture(params=["maildir", "imap"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    """An empty mailbox of each provider."""
    if request.param == "maildir":
        return maildir_box(tmp_path)
    return imap_box(request.getfixturevalue("server"))


@pytest.fixture
def imap(server: Dovecot) -> Box:
    return imap_box(server)


@pytest.fixture
async def mail(request: pytest.FixtureRequest):
    """The connector, knowing the boxes of this test, closed at its end."""
    accounts = Accounts()
    ca = None
    for name in ("box", "imap"):
        if name in request.fixturenames:
            box = request.getfixturevalue(name)
            accounts.known[box.person.owner] = box.connection
            ca = box.server.ca if box.server else None
    connector = MailConnector(accounts, allow_maildir=True, ca_file=ca)
    yield connector
    await connector.close()
