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
the a of to and in is it that for on with as at by from we you can could please would will have has been not meeting
report budget crane harbour invoice contract draft review friday monday tomorrow deadline question answer ship cargo
schedule weather team project customer order delivery payment price offer sale news story update release server build
failed passed backup ticket issue comment merged branch security login password account weekly digest article read more
click here unsubscribe view browser privacy thanks regards best hello dear team
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
        who = self._random.randrange(40)
        ask = self._random.choice(("Could you send me the report by Friday?", "Thanks, all done.", "See you there."))
        quoted = "".join(f"> {self._line(10)}\r\n" for _ in range(self._random.randrange(20)))
        text = f"Hi Alice,\r\n\r\n{self._prose(self._random.randrange(1, 5))}\r\n{ask}\r\n\r\nBo\r\n\r\n{quoted}"
        return self._mail(number, f"Bo Berg <bo{who}@harbour.example>", self._line(6), [], text.encode())

    def _notice(self, number: int) -> bytes:
        who = self._random.randrange(30)
        text = f"{self._prose(2)}\r\n\r\nhttps://ci{who}.example/builds/{number}\r\n{self._prose(2)}"
        headers = ["Auto-Submitted: auto-generated", "Content-Transfer-Encoding: quoted-printable"]
        return self._mail(
            number,
            f"Builds <noreply@ci{who}.example>",
            f"Build {number} {self._random.choice(('failed', 'passed'))}",
            headers,
            quopri.encodestring(text.encode()).replace(b"\n", b"\r\n"),
        )

    def _newsletter(self, number: int) -> bytes:
        """Text and HTML, the HTML of most writers quoted-printable, of some base64."""
        who = number % len(self._layouts)
        quoted, coded = self._layouts[who]
        way, html = ("base64", coded) if who % 4 == 0 else ("quoted-printable", quoted)
        head = f"{self._prose(1)}\r\nhttps://list{who}.example/issue/{number}\r\n"
        body = (
            f'--b\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\n{head}\r\n'
            f'--b\r\nContent-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: {way}\r\n\r\n'
        )
        if who % 3 == 0:
            body = body.partition("--b\r\n")[0] + body[body.rindex("--b\r\n") :]  # HTML alone
        headers = [
            f"List-Id: Weekly <list{who}.example>",
            f"List-Unsubscribe: <https://list{who}.example/leave/{number}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "Precedence: bulk",
            'Content-Type: multipart/alternative; boundary="b"',
        ]
        sender = f"Weekly {who} <news@list{who}.example>"
        return self._mail(number, sender, self._line(8), headers, body.encode() + html + b"\r\n--b--\r\n")

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
