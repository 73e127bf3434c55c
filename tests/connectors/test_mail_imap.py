"""What only an IMAP server can do wrong: logins, certificates, missing capabilities, renumbering, cut connections."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.contracts.errors import MeshClawError, PersonMends, TimeMends
from bot.contracts.mail import MailRef, Sought
from bot.contracts.people import Person
from bot.contracts.tools import Call
from connectors.email import standalone
from connectors.email.imap import ImapAccount
from connectors.email.imap_session import HEAD, IDENTITY, READABLE, WHOLE, WHOLE_LONG
from connectors.email.mail import MailConnector
from tests.connectors.conftest import Accounts, Box, imap_box
from tests.connectors.cutting import Cutting, cutting
from tests.connectors.test_mail_moving import done, move, seen, tool
from tests.connectors.test_mail_reading import scanned
from tests.dovecot import NEITHER, NO_MOVE, NO_TLS, PASSWORD, USER, Dovecot, dovecot, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


def form(server: Dovecot, **changed: str) -> dict[str, str]:
    return {
        "kind": "imap",
        "host": "localhost",
        "port": str(server.tls),
        "security": "tls",
        "user": USER,
        "password": PASSWORD,
        **changed,
    }


@pytest.fixture
async def trusting(server: Dovecot) -> AsyncIterator[MailConnector]:
    connector = MailConnector(Accounts(), ca_file=server.ca)
    yield connector
    await connector.close()


async def test_a_login_is_proved_and_its_password_kept_apart(server: Dovecot, trusting: MailConnector) -> None:
    connection = await trusting.prove(form(server, addresses="Ada@Example.com, ada@example.org"))
    assert connection.label == "alice at localhost"
    assert connection.settings["addresses"] == ["ada@example.com", "ada@example.org"]
    assert connection.secrets == {"password": PASSWORD}
    assert PASSWORD not in repr(connection.settings) + connection.label


async def test_starttls_is_used_on_the_plain_port(server: Dovecot, trusting: MailConnector) -> None:
    assert await trusting.prove(form(server, security="starttls", port=str(server.plain)))


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"password": "wrong"}, "password", "does not accept"),
        ({"user": "nobody else"}, "password", "does not accept"),
        ({"host": "imap.nowhere.invalid"}, "host", "no server named"),
        ({"host": "localhost/x"}, "host", "not the name of a server"),
        ({"host": ""}, "host", "not the name of a server"),
        ({"host": "127.0.0.1"}, "host", "certificate"),
        ({"port": "0"}, "port", "not a port"),
        ({"port": "99999"}, "port", "not a port"),
        ({"port": "imap"}, "port", "not a port"),
        ({"security": "none"}, "security", "TLS"),
        ({"user": ""}, "user", "user"),
        ({"user": "a\r\nb"}, "user", "user"),
        ({"password": ""}, "password", "password"),
        ({"password": "a\r\nb LOGOUT"}, "password", "password"),
        ({"password": "sesame\n"}, "password", "password"),
        ({"addresses": "not an address"}, "addresses", "no mail address"),
        ({"kind": "maildir", "path": "/etc"}, "kind", "not offered"),
    ],
)
async def test_what_a_person_can_mend(
    server: Dovecot, trusting: MailConnector, changed: dict[str, str], field: str, says: str
) -> None:
    with pytest.raises(PersonMends, match=says) as caught:
        await trusting.prove(form(server, **changed))
    assert caught.value.field == field
    told = caught.value.message + caught.value.mend + str(caught.value.__cause__)
    assert PASSWORD not in told
    assert not changed.get("password") or changed["password"] not in told


async def test_a_port_where_nothing_answers(server: Dovecot, trusting: MailConnector) -> None:
    with pytest.raises(PersonMends, match="Nothing answers") as caught:
        await trusting.prove(form(server, port=str(unused_port())))
    assert caught.value.field == "host"


async def test_tls_on_the_port_without(server: Dovecot, trusting: MailConnector) -> None:
    with pytest.raises(PersonMends, match="does not speak TLS") as caught:
        await trusting.prove(form(server, port=str(server.plain)))
    assert caught.value.field == "port"


async def test_a_certificate_nobody_vouches_for(server: Dovecot) -> None:
    connector = MailConnector(Accounts())
    with pytest.raises(PersonMends, match="certificate of localhost is not trusted: self") as caught:
        await connector.prove(form(server))
    assert caught.value.field == "host"
    with pytest.raises(PersonMends, match="certificate"):
        await connector.prove(form(server, security="starttls", port=str(server.plain)))


async def test_a_certificate_of_another_name() -> None:
    with dovecot(host="mail.example.com") as server:
        connector = MailConnector(Accounts(), ca_file=server.ca)
        with pytest.raises(PersonMends, match=r"certificate of localhost is not trusted: Hostname mismatch"):
            await connector.prove(form(server))


async def test_a_server_that_says_nothing_useful() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    for answer in (hang_up, chatter):
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(MeshClawError):
            async with standalone(f"imap://a:b@127.0.0.1:{port}"):
                pass
        server.close()


async def test_a_url_opens_a_mailbox(server: Dovecot) -> None:
    url = f"imaps://{USER}:{quote(PASSWORD, safe='')}@localhost:{server.tls}"
    async with standalone(url, server.ca) as reader:
        assert [folder.name for folder in await reader.folders()] == ["INBOX", "Archive"]
    async with standalone(f"imap://bob:secret@127.0.0.1:{server.plain}".replace("127.0.0.1", "localhost"), server.ca):
        pass


async def test_no_password_in_the_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of this machine stands in for another's: it is no loopback name."""
    with dovecot(extra=NO_TLS) as server:
        async with standalone(f"imap://bob:secret@127.0.0.1:{server.plain}") as reader:
            assert await reader.folders()
        resolve = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: resolve("127.0.0.1", *rest, **more))
        with pytest.raises(PersonMends, match="not sent in the clear") as caught:
            async with standalone(f"imap://bob:secret@mail.example.com:{server.plain}"):
                pass
        assert caught.value.field == "security"
        connector = MailConnector(Accounts())
        with pytest.raises(PersonMends, match="not sent in the clear"):
            await connector.prove(form(server, security="starttls", port=str(server.plain)))


async def test_renumbered_folders_void_every_reference(imap: Box, mail: MailConnector) -> None:
    imap.deliver(3)
    call = await move(mail, imap, [0, 1])
    await mail.close()
    for file in imap.root.glob("dovecot*"):
        file.unlink()
    text = "3 V77777 N4 G00000000000000000000000000000000\n"
    uids = "".join(f"{3 - number} :{imap.file(number).name.partition(':')[0]}\n" for number in (2, 1, 0))
    (imap.root / "dovecot-uidlist").write_text(text + uids)
    imap._adopt()
    assert [(one["uid"], one["validity"]) for one in (await seen(mail, imap)).values()] == [
        ("1", 77_777),
        ("2", 77_777),
        ("3", 77_777),
    ]
    outcome = await done(mail, imap, call)
    assert (outcome.state, outcome.count, outcome.gone, outcome.inverse) == ("done", 0, 2, None)
    assert outcome.note == "The server numbered this folder anew, and old numbers say nothing: sort it again."
    assert imap.names() == ["0:", "1:", "2:"]
    unfinished = await tool(mail, "mail.move").look_back(imap.context, call.args)
    assert unfinished
    assert (unfinished.settled.unknown, unfinished.rest) == (2, None)


def test_fetching_never_marks_as_read() -> None:
    assert "BODY[" not in WHOLE + WHOLE_LONG + HEAD + IDENTITY + READABLE


async def test_a_keyword_is_kept_and_reading_sets_none(imap: Box, mail: MailConnector) -> None:
    imap.deliver(1)
    known = await seen(mail, imap)
    call = Call("mail.flag", {"folder": "INBOX", "mails": list(known.values()), "flag": "$MeshTriaged"})
    assert (await done(mail, imap, call)).count == 1
    async with mail.open(imap.person) as reader:
        assert (await scanned(reader))[0].flags == {"$MeshTriaged"}


async def test_a_session_is_kept_for_a_while_and_to_one_person(server: Dovecot) -> None:
    one, other = imap_box(server), imap_box(server)
    accounts = Accounts({one.person.owner: one.connection, other.person.owner: one.connection})
    connector = MailConnector(accounts, ca_file=server.ca, idle=0.2)
    async with connector.mailbox(one.person) as first:
        pass
    async with connector.mailbox(one.person) as again, connector.mailbox(other.person) as theirs:
        assert again is first
        assert theirs is not first
    accounts.known[one.person.owner] = other.connection
    async with connector.mailbox(one.person) as changed:
        assert changed is not first
        assert list(await changed.owner_addresses()) == []
    async with asyncio.timeout(5):
        while connector._sessions._open:
            await asyncio.sleep(0.02)
    await connector.close()


async def test_a_session_found_dead_is_replaced(imap: Box, mail: MailConnector) -> None:
    imap.deliver(1)
    async with mail.open(imap.person) as reader:
        await reader.folders()
    assert imap.server
    imap.server.kill_sessions()
    async with mail.open(imap.person) as reader:
        assert len(await scanned(reader)) == 1


class Poor:
    """A server without MOVE, or without UIDPLUS too, and a person on it."""

    def __init__(self, server: Dovecot) -> None:
        self.box = imap_box(server)
        self.mail = MailConnector(Accounts({self.box.person.owner: self.box.connection}), ca_file=server.ca)


@pytest.fixture(scope="module")
def no_move() -> Iterator[Dovecot]:
    with dovecot(extra=NO_MOVE) as server:
        yield server


@pytest.fixture
async def copying(no_move: Dovecot) -> AsyncIterator[Poor]:
    poor = Poor(no_move)
    yield poor
    await poor.mail.close()


async def test_without_move_mails_are_copied_and_only_they_expunged(copying: Poor) -> None:
    box, mail = copying.box, copying.mail
    box.deliver(3, flags="S")
    box.deliver(1, flags="T")  # somebody else's \Deleted, which a plain EXPUNGE would destroy
    outcome = await done(mail, box, await move(mail, box, [0, 2]))
    assert (outcome.state, outcome.count, outcome.note) == ("done", 2, "")
    assert box.names() == ["1:S", "3:T"]
    assert box.names("Archive") == ["0:S", "2:S"]
    assert (await done(mail, box, outcome.inverse)).count == 2
    assert box.names() == ["0:S", "1:S", "2:S", "3:T"]


async def test_without_move_a_copy_made_before_an_interruption_is_not_made_twice(copying: Poor) -> None:
    box, mail = copying.box, copying.mail
    box.deliver(2)
    call = await move(mail, box, [0, 1])
    async with mail.mailbox(box.person) as mailbox:
        account = mailbox._account
        assert isinstance(account, ImapAccount)
        account._session.select("INBOX", writing=True)
        account._session.client.copy([1], "Archive")  # and then the machine died
    assert (box.names(), box.names("Archive")) == (["0:", "1:"], ["0:"])
    unfinished = await tool(mail, "mail.move").look_back(box.context, call.args)
    assert unfinished
    outcome = await done(mail, box, unfinished.rest)
    assert outcome.count == 2
    assert (box.names(), box.names("Archive")) == ([], ["0:", "1:"])
    await done(mail, box, outcome.inverse)
    assert (box.names(), box.names("Archive")) == (["0:", "1:"], [])


async def test_without_move_and_uidplus_nothing_is_moved() -> None:
    with dovecot(extra=NEITHER) as server:
        poor = Poor(server)
        poor.box.deliver(2)
        with pytest.raises(PersonMends, match="no safe way to move"):
            await done(poor.mail, poor.box, await move(poor.mail, poor.box, [0]))
        assert poor.box.names() == ["0:", "1:"]
        await poor.mail.close()


async def test_no_empty_list_ever_reaches_the_server(imap: Box) -> None:
    assert imap.server
    imap.deliver(1, flags="T")
    account = ImapAccount("localhost", imap.server.tls, "tls", imap.person.user, "secret", (), imap.server.ca)
    shift = account.move([Sought(MailRef("INBOX", 1, "1"), ""), Sought(MailRef("INBOX", 1, "x"), "")], "Archive")
    assert len(shift.gone) == 2
    account._session.capabilities = frozenset({b"UIDPLUS"})
    with pytest.raises(ValueError, match="no UIDs"):
        account._copy_and_expunge({}, "Archive")
    assert imap.names() == ["0:T"]
    account.close()


async def test_a_refusal_is_said_in_the_servers_words(imap: Box, mail: MailConnector) -> None:
    imap.deliver(3)
    imap.make("Full")
    call = await move(mail, imap, [0, 1], to="Full")
    for part in ("cur", "new", "tmp"):
        (imap.directory("Full") / part).chmod(0o500)
    outcome = await done(mail, imap, call)
    assert (outcome.state, outcome.count, outcome.unknown, outcome.inverse) == ("failed", 0, 0, None)
    assert outcome.note.startswith("All 2 stayed where they were: the server said “")
    assert imap.names() == ["0:", "1:", "2:"]


@pytest.fixture
async def cut() -> AsyncIterator[tuple[Cutting, Box, MailConnector]]:
    """A person whose connection runs through a proxy that cuts it."""
    with dovecot(extra=NO_TLS) as server:
        async with cutting(server.plain) as proxy:
            box = imap_box(server, "offered")
            settings = {**box.connection.settings, "port": proxy.port}
            box.connection = type(box.connection)(box.connection.label, settings, box.connection.secrets)
            connector = MailConnector(Accounts({box.person.owner: box.connection}))
            yield proxy, box, connector
            await connector.close()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_cut_in_the_middle_of_a_move_is_looked_into(
    cut: tuple[Cutting, Box, MailConnector], when: str
) -> None:
    proxy, box, mail = cut
    box.deliver(3)
    call = await move(mail, box, [0, 1])
    proxy.arm(" MOVE ", "before" if when == "before" else "after")
    outcome = await done(mail, box, call)
    assert (outcome.state, outcome.count, outcome.unknown) == ("done", 2, 0)
    assert (box.names(), box.names("Archive")) == (["2:"], ["0:", "1:"])
    await done(mail, box, outcome.inverse)
    assert box.names() == ["0:", "1:", "2:"]


async def test_when_the_server_stays_away_nobody_guesses(cut: tuple[Cutting, Box, MailConnector]) -> None:
    proxy, box, mail = cut
    box.deliver(3)
    call = await move(mail, box, [0, 1])
    proxy.arm(" MOVE ", "after")
    outcome_task = asyncio.ensure_future(done(mail, box, call))
    async with asyncio.timeout(10):
        while proxy.times:
            await asyncio.sleep(0)
    proxy.arm("AUTHENTICATE", "before", times=9)
    outcome = await outcome_task
    assert (outcome.state, outcome.unknown, outcome.inverse) == ("unknown", 2, None)
    proxy.times = 0
    unfinished = await tool(mail, "mail.move").look_back(box.context, call.args)
    assert unfinished
    assert (unfinished.settled.count, unfinished.settled.unknown, unfinished.rest) == (2, 0, None)


async def test_a_cut_while_reading_is_for_time_to_mend(cut: tuple[Cutting, Box, MailConnector]) -> None:
    proxy, box, mail = cut
    box.deliver(600)
    proxy.arm("BODY.PEEK[TEXT]", "before")
    with pytest.raises(TimeMends, match="closed the connection"):
        async with mail.open(box.person) as reader:
            await scanned(reader)


async def test_a_ca_file_that_cannot_be_read_shows_in_the_checks(tmp_path: Path, server: Dovecot) -> None:
    (check,) = await MailConnector(Accounts(), ca_file=tmp_path / "none.pem").checks()
    assert (check.well, "MESHCLAW_MAIL_CA" in check.mend) == (False, True)
    (check,) = await MailConnector(Accounts(), ca_file=server.ca).checks()
    assert check.well


async def test_people_at_the_same_time(server: Dovecot) -> None:
    boxes = [imap_box(server) for _ in range(6)]
    connector = MailConnector(Accounts({box.person.owner: box.connection for box in boxes}), ca_file=server.ca)
    for number, box in enumerate(boxes):
        box.deliver(number + 1)

    async def count(person: Person) -> int:
        async with connector.open(person) as reader:
            return len(await scanned(reader))

    assert await asyncio.gather(*(count(box.person) for box in boxes)) == [1, 2, 3, 4, 5, 6]
    await connector.close()
