"""Addresses of mailboxes, roles of folders, answers to FETCH."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from bot.contracts.mail import Folder, FolderRole
from connectors.email.address import connection_from_url, is_loopback
from connectors.email.arguments import FlagArguments, MoveArguments, read
from connectors.email.fetch import answers, copied, flags, internal_date, number, uid_set
from connectors.email.folders import best, role_of, wanted_role


def test_urls() -> None:
    found = connection_from_url("imaps://ada%40x.example:p%40ss%3A%2F%25w%C3%B6rd@imap.x.example:1993")
    assert found.settings == {
        "kind": "imap", "host": "imap.x.example", "port": 1993, "security": "tls", "user": "ada@x.example",
        "addresses": [],
    }  # fmt: skip
    assert found.secrets == {"password": "p@ss:/%wörd"}
    assert found.label == "ada@x.example"
    assert connection_from_url("IMAP://a:b@host").settings["port"] == 143
    assert connection_from_url("imap://a:b@host").settings["security"] == "offered"
    assert connection_from_url("imaps://a:b@host/").settings["port"] == 993
    for url in ("maildir:/var/mail/ada", "maildir:///var/mail/ada"):
        assert connection_from_url(url).settings == {"kind": "maildir", "path": "/var/mail/ada", "addresses": []}
    assert connection_from_url("maildir:Mail/x").settings["path"] == "Mail/x"


@pytest.mark.parametrize(
    "url",
    [
        "", "maildir:", "pop3://a:sesame@host", "imaps://host", "imaps://a@host", "imaps://:sesame@host", "imaps://a:sesame@",
        "imaps://a:sesame@host:port", "imaps://a:sesame@host:99999", "imaps://a:sesame@host/INBOX", "imaps://a:sesame@host?x=y",
        "imaps://a:sesame%0d%0a@host", "imaps://a:sesame%ff@host", "imaps://a:sesame@[host", "sesame",
    ],
)  # fmt: skip
def test_bad_urls_are_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(PersonMends) as caught:
        connection_from_url(url)
    assert "sesame" not in caught.value.message + caught.value.mend
    assert caught.value.mend


@given(st.text(max_size=60))
def test_no_url_raises_anything_else(url: str) -> None:
    for scheme in ("", "imaps://", "imap:", "maildir:"):
        with suppress(PersonMends):
            assert connection_from_url(scheme + url).label


def test_loopback_names() -> None:
    assert all(is_loopback(host) for host in ("localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1"))
    assert not any(is_loopback(host) for host in ("localhost.example.com", "128.0.0.1", "example.com", "", "0.0.0.0"))


@pytest.mark.parametrize(
    ("name", "marks", "role"),
    [
        ("INBOX", [], FolderRole.INBOX),
        ("inbox", [], FolderRole.INBOX),
        ("Whatever", ["\\Sent"], FolderRole.SENT),
        ("[Gmail]/All Mail", ["\\HasNoChildren", "\\All"], FolderRole.ARCHIVE),
        ("INBOX/Trash", [], FolderRole.TRASH),
        ("Entwürfe", [], FolderRole.DRAFTS),
        ("已发送", [], FolderRole.SENT),
        ("寄件備份", [], FolderRole.SENT),
        ("封存", [], FolderRole.ARCHIVE),
        ("垃圾郵件", [], FolderRole.JUNK),
        ("Projects/Sent", [], FolderRole.OTHER),
        ("Sentimental", [], FolderRole.OTHER),
    ],
)
def test_roles(name: str, marks: list[str], role: FolderRole) -> None:
    assert role_of(name, marks) is role


def test_the_declared_folder_wins_then_the_best_known_name() -> None:
    folders = [Folder(name, FolderRole.SENT) for name in ("Sent Items", "Sent", "Old/Sent")]
    assert best(folders, FolderRole.SENT) == folders[1]
    assert best(folders, FolderRole.SENT, frozenset(["Old/Sent"])) == folders[2]
    assert best(folders, FolderRole.JUNK) is None
    assert wanted_role("\\Archive") is FolderRole.ARCHIVE
    assert wanted_role("\\Inbox") is FolderRole.INBOX
    assert wanted_role("Archive") is None


def test_fetch_answers_of_all_shapes() -> None:
    pieces = [
        (b"12 (UID 7 RFC822.SIZE 99 FLAGS (\\Seen $x) BODY[HEADER.FIELDS (FROM TO)] {9}", b"From: a\r\n"),
        (b' INTERNALDATE " 2-Nov-2026 10:00:00 +0130" BODY[TEXT]<0> {5}', b"UID 8"),
        b")",
        b"13 (FLAGS (\\Recent) UID 9)",
        (b'14 (BODY[TEXT]<0> NIL UID 10 BODY[HEADER.FIELDS ("FROM")] {0}', b""),
        b' FLAGS () INTERNALDATE "99-Foo-2026 99:99:99 +0000")',
        None,
        b'15 (UID 11 BODY[TEXT]<0> "say \\"UID 12\\" \\\\ now")',
        b"16 garbage",
        b"17 (UID 13)",
    ]
    found = list(answers(pieces))
    assert [number(items, "UID") for items in found] == [7, 9, 10, 11, 13]
    first = found[0]
    assert first["BODY[HEADER.FIELDS]"] == b"From: a\r\n"
    assert first["BODY[TEXT]"] == b"UID 8"
    assert flags(first) == {"\\Seen", "$x"}
    assert internal_date(first).isoformat() == "2026-11-02T08:30:00+00:00"
    assert flags(found[1]) == frozenset()
    assert found[2]["BODY[TEXT]"] == b""
    assert internal_date(found[2]).year == 1970
    assert found[3]["BODY[TEXT]"] == b'say "UID 12" \\ now'


@given(st.lists(st.one_of(st.binary(max_size=30), st.tuples(st.binary(max_size=30), st.binary(max_size=5)), st.none())))
def test_no_fetch_answer_raises(pieces: list[bytes | tuple[bytes, bytes] | None]) -> None:
    for items in answers(pieces):
        number(items, "UID")
        internal_date(items)
        flags(items)


def test_uid_sets() -> None:
    assert uid_set([5, 1, 2, 3, 9, 5]) == "1:3,5,9"
    with pytest.raises(ValueError, match="no UIDs"):
        uid_set([])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b"38 5 11", (38, {5: 11})),
        (b"38 304,319:320 3956:3958", (38, {304: 3956, 319: 3957, 320: 3958})),
        (b"38 320:319 8:9", (38, {319: 8, 320: 9})),
        (b"38 1:2 5", (0, {})),
        (b"38 1:4000000000 1:4000000000", (0, {})),
        (b"38 x 5", (0, {})),
        (b"", (0, {})),
        (None, (0, {})),
    ],
)
def test_copyuid(code: bytes | None, expected: tuple[int, dict[int, int]]) -> None:
    assert copied(code, 3) == expected


GOOD = {"folder": "INBOX", "to": "Archive", "mails": [{"uid": "1", "validity": 7}]}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"folder": ""}, {"folder": "INBOX\n"}, {"folder": "a\r\nb"}, {"to": "\\Nothing"}, {"to": "Archive\n"},
        {"to": 5}, {"mails": []}, {"mails": [{}]}, {"mails": [{"uid": ""}]}, {"mails": [{"uid": "1\n"}]},
        {"mails": [{"uid": "../1"}]},
        {"mails": [{"uid": 1}]}, {"mails": [{"uid": "1", "validity": -1}]}, {"mails": [{"uid": "1", "validity": "7"}]},
        {"mails": [{"uid": "1"}, {"uid": "1"}]}, {"mails": [{"uid": "1", "more": 1}]}, {"mails": "1"},
        {"mails": [{"uid": "1", "subject": "a\nb"}]}, {"mails": [{"uid": "1", "sender": "\ud800"}]},
        {"verb": "Delete"}, {"verb": ""}, {"group": "x" * 1_001}, {"flag": "\\Deleted"}, {"more": 1},
    ],
)  # fmt: skip
def test_move_arguments_are_checked_to_the_letter(spoilt: dict[str, Any]) -> None:
    assert read(MoveArguments, GOOD).places()
    with pytest.raises(PersonMends, match="cannot be made"):
        read(MoveArguments, {**GOOD, **spoilt})


@pytest.mark.parametrize(
    "flag", ["\\Deleted", "\\deleted", "Deleted", "$Deleted", "\\Recent", "a b", "x\n", "", ")", "\\Seen\n"]
)
def test_no_flag_that_deletes_or_injects(flag: str) -> None:
    mails = [{"uid": "1"}]
    assert read(FlagArguments, {"folder": "INBOX", "mails": mails, "flag": "\\Flagged"}).on
    with pytest.raises(PersonMends, match="cannot be made"):
        read(FlagArguments, {"folder": "INBOX", "mails": mails, "flag": flag})
