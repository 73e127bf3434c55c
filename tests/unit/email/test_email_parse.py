"""Whole mails: ordinary ones, hostile ones, and any bytes at all."""

import time
from base64 import b64encode
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contracts.mail import Mail
from connectors.email.parse import TEXT_CHARACTERS, RawMail, parse, parse_bytes

HEAD = "From: Ann <ann@x.example>\nTo: ada@y.example\nSubject: Hello\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"


def mail(body: str, **headers: str) -> Mail:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return parse_bytes(f"{HEAD}{more}\n{body}".encode())


def multipart(*parts: str, kind: str = "mixed", boundary: str = "b1") -> str:
    inside = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\npreamble\n{inside}--{boundary}--\nepilogue\n"


def whole(content: str) -> Mail:
    return parse_bytes((HEAD + content).encode())


def test_an_ordinary_mail() -> None:
    found = mail("Can you come?\n", Message_ID="<1@x>", Cc="Bob <bob@y.example>", List_Unsubscribe="<https://x/u>")
    assert str(found.sender) == "Ann <ann@x.example>"
    assert [address.address for address in found.to + found.cc] == ["ada@y.example", "bob@y.example"]
    assert (found.subject, found.text, found.message_id) == ("Hello", "Can you come?", "<1@x>")
    assert found.headers["list-unsubscribe"] == "<https://x/u>"
    assert (found.defects, found.hidden, found.html_only, found.attachments, found.calendar) == (
        (),
        False,
        False,
        0,
        False,
    )


def test_plain_text_is_preferred_and_attachments_are_counted() -> None:
    text = "Content-Type: text/plain\n\nplain words"
    html = "Content-Type: text/html\n\n<p>html words</p>"
    pdf = "Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\nJVBERi0="
    picture = "Content-Type: image/png\nContent-ID: <p>\n\nxx"
    both = multipart(text, html, kind="alternative", boundary="inner")
    found = whole(multipart(both, pdf, picture, "Content-Type: message/rfc822\n\nSubject: inner\n\nold"))
    assert (found.text, found.attachments, found.html_only) == ("plain words", 2, False)


def test_html_alone() -> None:
    found = mail("<p>Hello</p><p style='display:none'>secret</p>", Content_Type="text/html; charset=utf-8")
    assert (found.text, found.html_only, found.hidden, found.defects) == ("Hello", True, True, ("hidden text",))


def test_an_empty_plain_part_gives_way_to_html() -> None:
    found = whole(
        multipart("Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<b>Hello</b>", kind="alternative")
    )
    assert (found.text, found.html_only) == ("Hello", True)


@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR",
        "Content-Type: application/ics\n\nBEGIN:VCALENDAR",
        "Content-Type: application/octet-stream; name=invite.ics\n\nBEGIN:VCALENDAR",
        "Content-Type: application/octet-stream; name*0=inv; name*1=ite.ics\n\nBEGIN:VCALENDAR",
    ],
)
def test_invitations(part: str) -> None:
    assert whole(multipart("Content-Type: text/plain\n\nhello", part)).calendar


def encoded(data: bytes, encoding: str = "base64", charset: str = "utf-8") -> bytes:
    head = f"{HEAD}Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + data


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (encoded(b64encode("Grüße".encode())), "Grüße"),
        (encoded(b64encode("日本語".encode())[:-3]), "日本"),
        (encoded(b"Gr=C3=BC=C3=9Fe", "quoted-printable"), "Grüße"),
        (encoded(b"Gr=C3=BC=C3=9Fe an=\n alle=", "quoted-printable"), "Grüße an alle"),
        (encoded("Grüße".encode("latin-1"), "8bit", "iso-8859-1"), "Grüße"),
        (encoded("Grüße".encode(), "8bit", "us-ascii"), "Grüße"),
        (encoded("Grüße".encode("latin-1"), "8bit", "us-ascii"), "Grüße"),
        (encoded("中文".encode("gb18030"), "8bit", "gb2312"), "中文"),
        (encoded("你好".encode("big5"), "8bit", "big5"), "你好"),
        (encoded("Привет".encode("koi8-r"), "8bit", "koi8-r"), "Привет"),
        (encoded(b64encode("日本".encode("iso-2022-jp")), charset="iso-2022-jp"), "日本"),
        (encoded(b"plain", "x-unknown"), "plain"),
    ],
)
def test_encodings(content: bytes, expected: str) -> None:
    found = parse_bytes(content)
    assert found.text == expected
    assert found.defects == ()


HOSTILE = {
    "nested": (
        HEAD + "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(1_500)),
        "nested too deep",
    ),
    "many parts": (HEAD + multipart(*["Content-Type: text/plain\n\nhello"] * 10_000), "too many parts"),
    "no parts": (HEAD + "Content-Type: multipart/mixed; boundary=b\n\nno parts here", "no parts where parts"),
    "unknown charset": (HEAD + "Content-Type: text/plain; charset=x-klingon\n\nhello", "unknown character set"),
    "two From lines": ("From: boss@bank.example\n" + HEAD + "\nhello", "more than one sender"),
    "two senders": (HEAD.replace("Ann <", "boss@bank.example, Ann <") + "\nhello", "more than one sender"),
    "address as name": (HEAD.replace("Ann <", '"boss@bank.example" <') + "\nhello", "shows another address"),
    "no sender": ("Subject: x\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\nhello", "no sender"),
    "year 1000": (HEAD.replace("2026", "1000") + "\nhello", "unreadable date"),
    "year 9999": (HEAD.replace("2026", "9999") + "\nhello", "unreadable date"),
    "hour 99": (HEAD.replace("10:00", "99:99") + "\nhello", "unreadable date"),
    "zone +9999": (HEAD.replace("+0000", "+99999999999") + "\nhello", "unreadable date"),
    "no date": ("From: a@x\nSubject: x\n\nhello", "unreadable date"),
    "zero width": (HEAD + "\nPay\u200bPal hello", "invisible characters"),
    "turned": (HEAD + "\nhello \u202ecod.exe", "changed direction"),
    "invisible subject": (HEAD.replace("Hello", "In\u2060voice") + "\nhello", "invisible characters"),
    "tag characters": (HEAD + "\nhello \U000e0049\U000e0067\U000e006e", "invisible characters"),
    "no headers": ("hello\nthere", "no headers"),
    "nothing": ("", "no headers"),
    "broken parameters": (HEAD + "Content-Type: text/plain; charset*1*=x'y'%FF; charset*0\n\nhello", ""),
    "broken type": (HEAD + "Content-Type: ;;;===\n\nhello", ""),
    "endless subject": (HEAD.replace("Hello", "=?utf-8?Q?" + "a" * 500_000 + "?=") + "\nhello", ""),
    "endless encoded words": (HEAD.replace("Hello", "=?utf-8?q?a?= " * 50_000) + "\nhello", ""),
    "endless references": (HEAD + "References: " + "<a@b> " * 100_000 + "\n\nhello", ""),
    "endless header names": (HEAD + "X" * 1_000_000 + ": y\n\nhello", ""),
    "many headers": (HEAD + "X-Y: z\n" * 100_000 + "\nhello", ""),
    "endless recipients": (HEAD + "Cc: " + "a@x, " * 100_000 + "\n\nhello", ""),
    "NUL": (HEAD + "\nhel\x00lo", ""),
    "one line": (HEAD + "\n" + "hello " * 200_000, ""),
    "empty lines": (HEAD + "\n" + "\n" * 500_000 + "hello", ""),
    "quotes": (HEAD + "\n" + "On 1 Ann wrote:\n>" * 60_000, ""),
    "angle brackets": (HEAD + "\n" + ">" * 500_000, ""),
    "dashes": (HEAD + "\n" + "-----\n" * 100_000, ""),
    "nested html": (HEAD + "Content-Type: text/html\n\n" + "<div>" * 200_000 + "hello", ""),
    "longer boundaries": (
        HEAD + "Content-Type: multipart/mixed; boundary=b\n\n" + "--bb\n" * 100_000 + "--b\n\nhello",
        "",
    ),
}


@pytest.mark.parametrize(("content", "defect"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_mails_are_read_quickly_and_told_of(content: str, defect: str) -> None:
    began = time.process_time()
    found = parse_bytes(content.encode())
    assert time.process_time() - began < 0.5
    assert any(defect in told for told in found.defects) if defect else True
    assert len(found.text) <= TEXT_CHARACTERS
    assert len(found.subject) <= 1_000
    assert all(len(value) <= 1_000 for value in found.headers.values())
    assert len(found.references) <= 50
    assert len(found.cc) <= 200
    assert "\x00" not in found.text


def test_hidden_marks_are_dropped_where_they_are_reported() -> None:
    found = mail("Pay\u200bPal asks \u202eyou")
    assert (found.text, found.hidden) == ("PayPal asks you", True)
    assert parse_bytes((HEAD.replace("Hello", "In\u2060voice") + "\nx").encode()).subject == "Invoice"


def test_the_shown_name_never_hides_the_address() -> None:
    found = parse_bytes(b"From: =?utf-8?q?boss=40bank=2Eexample?= <thief@x.example>\n\nhello")
    assert found.sender.address == "thief@x.example"
    assert "the sender's name shows another address" in found.defects


def test_a_cut_mail_with_parts_is_taken_to_have_an_attachment() -> None:
    whole_mail = parse_bytes(b"")
    content = (
        HEAD + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello wor"
    ).encode()
    found = parse(RawMail(whole_mail.ref, content, whole_mail.received, 900_000, cut=True))
    assert (found.text, found.attachments, found.size) == ("hello wor", 1, 900_000)


def test_long_text_is_cut_and_long_references_keep_both_ends() -> None:
    ids = [f"<{number}@x>" for number in range(300)]
    found = mail("word " * 5_000, References=" ".join(ids))
    assert len(found.text) <= TEXT_CHARACTERS
    assert (found.references[0], found.references[-1], len(found.references)) == (ids[0], ids[-1], 50)


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_the_stdlib_encodes_comes_back(name: str, subject: str) -> None:
    head = f"From: {Header(name, 'utf-8').encode()} <a@x.example>\nSubject: {Header(subject, 'utf-8').encode()}\n\nx"
    found = parse_bytes(head.encode("utf-8", "replace"))
    assert found.sender.address == "a@x.example"
    plain = "".join(character for character in subject if character.isalnum() and ord(character) < 0x3000)
    read = "".join(character for character in found.subject if character.isalnum() and ord(character) < 0x3000)
    assert read == plain or any(ord(character) > 0x300 for character in subject)


PIECES = [
    b"From: ", b"Subject: ", b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: text/html\n", b"\n\n",
    b"\r\n", b"--b\n", b"--b--\n", b"<div style=display:none>", b"=?utf-8?q?=ff?=",
    b"Content-Transfer-Encoding: base64\n", b"AAAA", b"charset=utf-7", b"On x wrote:\n", b"> ", b"-- \n",
    b"\x00\xff", b"a@b, <c@d>", b'"', b"(", b";", b"=", b"*0*=''%",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)), max_size=40))
def test_no_bytes_raise(pieces: list[bytes]) -> None:
    found = parse_bytes(b"".join(pieces))
    assert len(found.text) <= TEXT_CHARACTERS
    for text in (found.text, found.subject, found.message_id, *found.headers.values(), str(found.sender)):
        text.encode("utf-8")
        assert "\x00" not in text
