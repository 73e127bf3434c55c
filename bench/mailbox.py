"""A mailbox of realistic sizes, written by the benchmark: what people write, newsletters of 20 to 40 KB, notices of
machines, and mails with attachments, in a mix as of a busy inbox. The same seed gives the same mails."""

import base64
import os
import quopri
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

OWNER = "alice@harbour.example"
_COMMON = """
the a of to and in is it that for on with as at by from we you can could please would will have has been not was are
this but they their there which when more about after some other into than then time people work year week first new
meeting report budget crane harbour invoice contract draft review friday monday tomorrow question answer ship cargo
schedule weather team project customer order delivery price news story update release server build backup issue comment
branch article number part place side long good great small large next early young important public thanks hello
"""
_SYLLABLES = ("ba", "ko", "li", "mer", "ta", "ven", "su", "dor", "ni", "pel", "gra", "shi", "mon", "ka", "ru", "tel")


class Writer:
    """Writes mails to OWNER, one a call."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        rare = [first + second + third for first in _SYLLABLES for second in _SYLLABLES for third in _SYLLABLES[:8]]
        self._words = [*_COMMON.split() * 40, *rare]
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._layouts = [self._layout() for _ in range(60)]

    def mails(self, count: int) -> Iterator[bytes]:
        """So many mails, newest first: of ten, three are newsletters, three notices, three from people, and one has
        an attachment."""
        kinds = (self._person, self._newsletter, self._notice)
        for number in range(count):
            yield self._attachment(number) if number % 10 == 9 else kinds[number % 3](number)

    def sent(self, count: int) -> Iterator[bytes]:
        for number in range(count):
            to = f"bo{self._random.randrange(40)}@harbour.example"
            yield self._mail(number, f"Alice <{OWNER}>", "Re: " + self._line(5), [], self._prose(2).encode(), to=to)

    def _person(self, number: int) -> bytes:
        """As the mail programs of today write: text and HTML, a signature, and mostly the mail that is answered."""
        ask = self._random.choice(("Could you send me the report by Friday?", "Thanks, all done.", "See you there."))
        own = [self._line(12).capitalize() + "." for _ in range(self._random.randrange(2, 10))] + [ask]
        old = [self._line(12) for _ in range(self._random.randrange(20))]
        bo = f"bo{self._random.randrange(40)}@harbour.example"
        text = "\r\n\r\n".join(["Hi Alice,", *own, "Bo", "-- ", "Bo Berg, Harbour Office, +44 20 7946 0999"])
        html = '<div dir=3D"ltr">Hi Alice,<div><br></div>' + "".join(f"<div>{line}</div>\r\n" for line in own)
        headers = ['Content-Type: multipart/alternative; boundary="b"']
        if old:
            text += f"\r\n\r\nOn Mon, 5 Oct 2026 at 10:12, Alice <{OWNER}> wrote:\r\n> " + "\r\n> ".join(old)
            html += '<div class=3D"gmail_quote">' + "<br>".join(old) + "</div>"
            cited = " ".join(f"<{number + back}.{back}@harbour.example>" for back in range(1, 4))
            headers += [f"References: {cited}", f"In-Reply-To: <{number + 1}.1@harbour.example>"]
        subject = f"Re: {self._line(6)}" if old else self._line(6)
        return self._mail(number, f"Bo Berg <{bo}>", subject, headers, _alternative(text, f"{html}</div>"))

    def _notice(self, number: int) -> bytes:
        host = f"ci{self._random.randrange(30)}.example"
        link, state = f"https://{host}/builds/{number}", self._random.choice(("failed", "passed"))
        lines = [self._line(10) for _ in range(self._random.randrange(4, 16))]
        text = "\r\n".join([f"Build {number} {state}.", *lines, "", link, "This is an automated message."])
        style = "font-family:Helvetica,Arial,sans-serif;font-size:14px;color:#24292f;padding:4px 8px"
        rows = "".join(f'<tr><td style=3D"{style}">{line}</td></tr>\r\n' for line in lines)
        html = f'<table width=3D"600"><tr><td><a href=3D"{link}">Build {number}</a> {state}</td></tr>{rows}</table>'
        headers = ["Auto-Submitted: auto-generated", 'Content-Type: multipart/alternative; boundary="b"']
        body = _alternative("" if number % 2 else text, html)
        return self._mail(number, f"Builds <noreply@{host}>", f"[main] Build {number} {state}", headers, body)

    def _newsletter(self, number: int) -> bytes:
        """The same layout each week; a third have no text beside their HTML, a quarter are base64."""
        who = number % len(self._layouts)
        html, coded = self._layouts[who]
        host = f"list{who}.example"
        stories = [f"{self._prose(1)}\r\nhttps://{host}/{self._random.getrandbits(160):x}" for _ in range(6)]
        text = "" if who % 3 == 0 else "\r\n\r\n".join([f"View in your browser: https://{host}/{number}", *stories])
        headers = [
            f"List-Id: Weekly <{host}>",
            f"List-Unsubscribe: <https://{host}/leave/{number}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "Precedence: bulk",
            'Content-Type: multipart/alternative; boundary="b"',
        ]
        body = _alternative(text, "", coded if who % 4 == 0 else html, "base64" if who % 4 == 0 else "quoted-printable")
        return self._mail(number, f"Weekly {who} <news@{host}>", self._line(8), headers, body)

    def _attachment(self, number: int) -> bytes:
        body = (
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{self._prose(2)}\r\n--b\r\n"
            "Content-Type: application/pdf; name=report.pdf\r\nContent-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename=report.pdf\r\n\r\n"
        )
        file = base64.encodebytes(self._random.randbytes(30_000)).replace(b"\n", b"\r\n")
        headers = ['Content-Type: multipart/mixed; boundary="b"']
        sender = f"Cy Chen <cy{number % 25}@partner.example>"
        return self._mail(number, sender, self._line(6), headers, body.encode() + file + b"\r\n--b--\r\n")

    def _mail(
        self, number: int, sender: str, subject: str, headers: list[str], body: bytes, to: str = f"Alice <{OWNER}>"
    ) -> bytes:
        address = sender.rpartition("<")[2].rstrip(">")
        host = address.rpartition("@")[2]
        at = format_datetime(self._now - timedelta(minutes=20 * number))
        lines = [
            f"Return-Path: <{address}>",
            f"Received: from mx.{host} (mx.{host} [192.0.2.{number % 250}])\r\n"
            f"\tby mx.harbour.example with ESMTPS id {number:012d}; {at}",
            f"Authentication-Results: mx.harbour.example; spf=pass smtp.mailfrom={host};\r\n"
            f"\tdkim=pass header.d={host}; dmarc=pass header.from={host}",
            f"From: {sender}",
            f"To: {to}",
            f"Subject: {subject}",
            f"Date: {at}",
            f"Message-ID: <{number}.{self._random.getrandbits(60):x}@{host}>",
            "MIME-Version: 1.0",
            *headers,
        ]
        if not any(line.startswith("Content-Type") for line in headers):
            lines.append("Content-Type: text/plain; charset=utf-8")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def _layout(self) -> tuple[bytes, bytes]:
        """An HTML letter of 20 to 40 KB as its writer sends it each week: quoted-printable, and base64."""
        size = self._random.randrange(20_000, 40_000)
        rows = ["<html><head><style>.a{color:#333} .pre{display:none}</style></head><body><table width=600>"]
        while sum(map(len, rows)) < size:
            style = "font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;color:#333333;padding:8px"
            link = f"https://track.example/click?u={self._random.getrandbits(200):x}"
            rows.append(
                f'<tr><td class="a" style="{style}"><a href="{link}" style="color:#0055aa">{self._line(6)}</a>'
                f"<p>{self._prose(1)}</p></td></tr>\n"
            )
        html = "".join([*rows, "</table></body></html>"]).encode()
        quoted, coded = quopri.encodestring(html), base64.encodebytes(html)
        return quoted.replace(b"\n", b"\r\n"), coded.replace(b"\n", b"\r\n")

    def _line(self, words: int) -> str:
        return " ".join(self._random.choices(self._words, k=words))

    def _prose(self, paragraphs: int) -> str:
        return "\r\n\r\n".join(
            ". ".join(self._line(9).capitalize() for _ in range(self._random.randrange(2, 7))) + "."
            for _ in range(paragraphs)
        )


def _alternative(text: str, html: str, encoded: bytes = b"", way: str = "quoted-printable") -> bytes:
    """The body of a mail with a part of text, unless it is empty, and one of HTML, perhaps encoded already."""
    parts = [b'Content-Type: text/plain; charset="utf-8"\r\n\r\n' + text.encode()] if text else []
    head = f'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: {way}\r\n\r\n'
    parts.append(head.encode() + (encoded or html.encode()))
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def fill(maildir: Path, inbox: int, sent: int) -> None:
    """Write a Maildir++ with so many mails, the newest first."""
    writer = Writer()
    for folder, mails in (("", writer.mails(inbox)), (".Sent", writer.sent(sent))):
        root = maildir / folder
        for part in ("cur", "new", "tmp"):
            (root / part).mkdir(parents=True, exist_ok=True)
        if folder:
            (root / "maildirfolder").touch()
        now = datetime.now(UTC).timestamp()
        for number, mail in enumerate(mails):
            at = now - 1_200 * number
            path = root / "cur" / f"{at:.0f}.M{number}P1.bench:2,{'S' if number % 5 else 'RS'}"
            path.write_bytes(mail)
            os.utime(path, (at, at))
