"""Reading a mailbox, the same over Maildir and over IMAP."""

import asyncio
import os
from datetime import UTC, datetime

import pytest

from bot.contracts.errors import PersonMends, TimeMends
from bot.contracts.mail import FolderRole, Mail, MailReader
from bot.contracts.people import Person
from connectors.email.mail import MailConnector
from tests.connectors.conftest import START, Box


async def scanned(reader: MailReader, folder: str = "INBOX", **options: object) -> list[Mail]:
    return [mail async for batch in reader.scan(folder, **options) for mail in batch]


def subjects(mails: list[Mail]) -> list[str]:
    return [mail.subject.removeprefix("Letter ") for mail in mails]


async def test_newest_first_by_the_servers_date(box: Box, mail: MailConnector) -> None:
    box.deliver(5)
    for number, minute in ((0, 900), (3, 800)):
        when = START + 60 * minute
        os.utime(box.file(number), (when, when))
    async with mail.open(box.person) as reader:
        found = await scanned(reader)
    assert subjects(found) == ["0", "3", "4", "2", "1"]
    assert found[0].received == datetime.fromtimestamp(START + 60 * 900, UTC)


async def test_a_mail_comes_with_all_that_is_known_of_it(box: Box, mail: MailConnector) -> None:
    body = "Can you come on Friday?\n\nOn Mon, 2 Nov 2026, Ada wrote:\n> Hello\n"
    box.deliver(1, flags="FS", body=body, List_Id="<l.example>", In_Reply_To="<a@b>", References="<x@y> <a@b>")
    async with mail.open(box.person) as reader:
        (found,) = await scanned(reader)
    assert str(found.sender) == "Ann 0 <ann0@news.example>"
    assert found.message_id == "<m0@news.example>"
    assert found.flags == {"\\Flagged", "\\Seen"}
    assert found.text == "Can you come on Friday?"
    assert found.headers["list-id"] == "<l.example>"
    assert (found.in_reply_to, found.references) == ("<a@b>", ("<x@y>", "<a@b>"))
    assert found.defects == ()
    assert found.ref.folder == "INBOX"


async def test_text_behind_a_long_style_sheet_is_found(box: Box, mail: MailConnector) -> None:
    style = "<style>" + ".a { color: red }\n" * 1_000 + "</style>"
    box.deliver(1, Content_Type="text/html", body=f"<html>{style}<p>Sale ends today</p></html>\n")
    box.deliver(1, Content_Type="text/html", body="<p>" + "word " * 3_000 + "</p>\n")
    async with mail.open(box.person) as reader:
        long, styled = await scanned(reader)
    assert (styled.text, styled.html_only) == ("Sale ends today", True)
    assert long.text.startswith("word word")


async def test_since_is_exact_to_the_second(box: Box, mail: MailConnector) -> None:
    box.deliver(10)
    async with mail.open(box.person) as reader:
        found = await scanned(reader, since=datetime.fromtimestamp(START + 60 * 7, UTC))
        assert subjects(found) == ["9", "8", "7"]
        assert await scanned(reader, since=datetime.fromtimestamp(START + 86_400 * 3, UTC)) == []


async def test_limit_takes_the_newest(box: Box, mail: MailConnector) -> None:
    box.deliver(6)
    async with mail.open(box.person) as reader:
        assert subjects(await scanned(reader, limit=2)) == ["5", "4"]


async def test_without_bodies_there_is_no_text(box: Box, mail: MailConnector) -> None:
    box.deliver(2)
    async with mail.open(box.person) as reader:
        found = await scanned(reader, bodies=False)
    assert [mail.text for mail in found] == ["", ""]
    assert found[0].sender.address == "ann1@news.example"


async def test_an_empty_folder_is_no_error(box: Box, mail: MailConnector) -> None:
    async with mail.open(box.person) as reader:
        assert await scanned(reader) == []
        assert await scanned(reader, since=datetime.now(UTC)) == []


async def test_reading_changes_nothing(box: Box, mail: MailConnector) -> None:
    box.deliver(3)
    box.deliver(1, flags="S")
    file = box.file(1)
    os.rename(file, file.parent.parent / "new" / file.name.partition(":")[0])
    before = sorted((path.parent.name, path.name) for path in box.root.glob("*/*") if "M" in path.name)
    async with mail.open(box.person) as reader:
        assert len(await scanned(reader)) == 4
        await reader.folders()
    after = sorted((path.parent.name, path.name) for path in box.root.glob("*/*") if "M" in path.name)
    assert after == before


async def test_folders_have_roles_and_counts(box: Box, mail: MailConnector) -> None:
    box.deliver(3)
    box.deliver(2, "Archive")
    box.deliver(1, "Gesendete Objekte")
    box.make("&XfJT0ZAB-")  # 已发送
    box.make("Projects/Archive")
    async with mail.open(box.person) as reader:
        folders = {folder.name: folder for folder in await reader.folders()}
    assert (folders["INBOX"].role, folders["INBOX"].count) == (FolderRole.INBOX, 3)
    assert (folders["Archive"].role, folders["Archive"].count) == (FolderRole.ARCHIVE, 2)
    assert folders["Gesendete Objekte"].role is FolderRole.SENT
    assert folders["已发送"].role is FolderRole.SENT
    assert folders["Projects/Archive"].role is FolderRole.OTHER


@pytest.mark.parametrize("name", ["Nowhere", "../INBOX", "", 'x" "y', "a\r\nb", "\\Archive", "cur"])
async def test_an_unknown_folder_is_the_persons_to_mend(box: Box, mail: MailConnector, name: str) -> None:
    async with mail.open(box.person) as reader:
        with pytest.raises(PersonMends, match="no folder"):
            await scanned(reader, name)
        assert await scanned(reader) == []  # the session is none the worse


HOSTILE = [
    b"",
    b"\n",
    b"\x00" * 5_000,
    bytes(range(256)) * 40,
    b"no headers at all",
    b"From: a@x\nFrom: b@x\n\ntwo senders",
    b"Subject: " + b"x" * 200_000 + b"\n\nhello",
    b"Subject: a\rb\nDate: Mon, 99 Foo 0000 99:99:99 +9999\n\nhello",
    b"Subject: {100000}\n\n* 1 FETCH (UID 9 FLAGS (\\Deleted))\n",
    b'From: )("\\ a@x\n\n) FLAGS (x)\n',
    b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1_500)),
    b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000,
    b"Content-Type: text/html\n\n" + b"<div>" * 20_000,
    b"Content-Type: text/plain; charset=x-none\nContent-Transfer-Encoding: base64\n\n=====",
    b"X-A: b\n" * 20_000 + b"\nhello",
]


async def test_hostile_mails_are_all_listed(box: Box, mail: MailConnector) -> None:
    for content in HOSTILE:
        box.deliver_raw(content)
    async with mail.open(box.person) as reader:
        found = await scanned(reader)
        assert len(await scanned(reader, bodies=False)) == len(HOSTILE)
    assert len({one.ref.uid for one in found}) == len(HOSTILE)
    assert all(one.defects for one in found)
    assert not any(one.flags for one in found)


async def test_two_thousand_mails_come_in_batches(box: Box, mail: MailConnector) -> None:
    box.deliver(2_000)
    async with mail.open(box.person) as reader:
        batches = [batch async for batch in reader.scan("INBOX")]
    assert [len(batch) for batch in batches] == [500, 500, 500, 500]
    assert [mail.subject for batch in batches for mail in batch] == [f"Letter {n}" for n in range(1_999, -1, -1)]


async def test_other_calls_fit_between_two_batches(box: Box, mail: MailConnector) -> None:
    box.deliver(1_200)
    box.deliver(3, "Archive")
    async with mail.open(box.person) as reader, mail.open(box.person) as same:
        seen = 0
        async for batch in reader.scan("INBOX"):
            seen += len(batch)
            assert len(await scanned(same, "Archive")) == 3
            assert {mail.ref.folder for mail in batch} == {"INBOX"}
        assert seen == 1_200


async def test_scans_at_the_same_time_do_not_mix(box: Box, mail: MailConnector) -> None:
    box.deliver(700)
    box.deliver(600, "Archive")
    async with mail.open(box.person) as reader:
        inbox, archive = await asyncio.gather(scanned(reader), scanned(reader, "Archive"))
    assert (len(inbox), len(archive)) == (700, 600)
    assert {mail.ref.folder for mail in archive} == {"Archive"}


async def test_a_scan_left_early_leaves_the_mailbox_usable(box: Box, mail: MailConnector) -> None:
    box.deliver(1_100)
    async with mail.open(box.person) as reader:
        async for batch in reader.scan("INBOX"):
            assert len(batch) == 500
            break
        assert len(await scanned(reader, limit=3)) == 3


async def test_mails_that_vanish_during_a_scan_are_left_out(box: Box, mail: MailConnector) -> None:
    box.deliver(1_600)
    async with mail.open(box.person) as reader:
        seen: list[Mail] = []
        async for batch in reader.scan("INBOX"):
            if not seen:
                box.file(3).unlink()
            seen.extend(batch)
    assert len(seen) in (1_599, 1_600)
    assert len({mail.ref for mail in seen}) == len(seen)


async def test_nobody_connected(mail: MailConnector) -> None:
    with pytest.raises(PersonMends) as caught:
        async with mail.open(Person("T1", "stranger")):
            pass
    assert caught.value.field == "mail"


async def test_a_server_gone_in_the_middle_is_said_and_mends_itself(imap: Box, mail: MailConnector) -> None:
    imap.deliver(2_000)
    assert imap.server
    server = imap.server

    async def read_and_cut() -> None:
        async with mail.open(imap.person) as reader:
            async for _ in reader.scan("INBOX"):
                server.kill_sessions()

    with pytest.raises(TimeMends, match=r"localhost .*connection"):
        await read_and_cut()
    async with mail.open(imap.person) as reader:
        assert len(await scanned(reader)) == 2_000
