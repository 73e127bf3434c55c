"""What hangs on a sample mail: small files and calendar invitations."""

import base64
from datetime import datetime, time, timedelta
from email.message import Message
from email.mime.base import MIMEBase

from bot.demo.sample_mail.bodies import text_part
from bot.demo.sample_mail.clock import Clock

_PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_ZIP = b"PK\x05\x06" + bytes(18)
_FILES = {
    "pdf": ("application", "pdf", _PDF),
    "png": ("image", "png", _PNG),
    "jpg": ("image", "jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\xff\xd9"),
    "zip": ("application", "zip", _ZIP),
    "csv": ("text", "csv", b"cart,hours,stops,interventions\nW-112,41.5,388,2\nW-113,39.0,371,0\nW-117,12.5,96,9\n"),
    "log": ("text", "plain", b"00:00:01 nav: boot\n00:00:04 nav: map loaded\n00:17:32 nav: lift door timeout\n"),
    "html": ("text", "html", b"<form action='https://login.verify-session.invalid/'><input name='p'></form>"),
    "docx": ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document", _ZIP),
}


def attachment(name: str) -> Message:
    """A small file of the type its name ends in. Raises KeyError for a type the sample has none of."""
    main, sub, content = _FILES[name.rpartition(".")[2]]
    part = MIMEBase(main, sub)
    part.set_payload(base64.encodebytes(content).decode("ascii"))
    part["Content-Transfer-Encoding"] = "base64"
    part.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    return part


def invitation(spec: str, *, clock: Clock, uid: str, summary: str, organiser: str, guest: str) -> Message:
    """A text/calendar part (RFC 5545, RFC 6047) for a script's `invite: +2 15:00 45 METHOD Place`."""
    offset, at, minutes, method, place = spec.split(" ", 4)
    start = datetime.combine(clock.ahead(int(offset)), time.fromisoformat(at), clock.zone)
    zone = clock.zone.key
    status = {"CANCEL": "CANCELLED"}.get(method, "CONFIRMED")
    answer = "ACCEPTED" if method == "REPLY" else "NEEDS-ACTION;RSVP=TRUE"
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Larch Calendar//4.2//EN",
        "VERSION:2.0",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{clock.today:%Y%m%d}T060000Z",
        f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}",
        f"DTEND;TZID={zone}:{start + timedelta(minutes=int(minutes)):%Y%m%dT%H%M%S}",
        f"SUMMARY:{summary}",
        f"LOCATION:{place}",
        f"ORGANIZER:mailto:{organiser}",
        f"ATTENDEE;PARTSTAT={answer}:mailto:{guest}",
        f"STATUS:{status}",
        f"SEQUENCE:{int(method == 'CANCEL')}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    part = text_part("\r\n".join(lines) + "\r\n", "calendar", "utf-8", "base64")
    part.set_param("method", method)
    return part
