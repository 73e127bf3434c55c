"""One mail of the script as the bytes a mail server would have stored."""

import hashlib
from datetime import datetime, timedelta
from email.generator import BytesGenerator
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.utils import format_datetime
from io import BytesIO

from bot.demo.sample_mail import headers
from bot.demo.sample_mail.bodies import body_part, boundary
from bot.demo.sample_mail.clock import Clock
from bot.demo.sample_mail.parts import attachment, invitation
from bot.demo.sample_mail.script import Mail, Mailbox, senders
from bot.demo.sample_mail.words import address_words, subject_words


def render(mailbox: Mailbox, mail: Mail, clock: Clock) -> bytes:
    """The whole message, line ends LF as Maildir keeps them."""
    sent = sent_at(mailbox, mail, clock)
    if mail.directives.get("form") == "raw":
        return _verbatim(mailbox, mail, clock, sent)
    message = _content(mailbox, mail, clock)
    typed = [(name, value) for name, value in message.items() if name != "MIME-Version"]
    for name in set(message.keys()):
        del message[name]
    for name, value in [*_head(mailbox, mail, clock, sent), *typed]:
        message[name] = value
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False).flatten(message)
    return out.getvalue()


def sent_at(mailbox: Mailbox, mail: Mail, clock: Clock) -> datetime:
    """When the mail was sent, and as far as the sample is concerned received."""
    return clock.sent(mail.day, mail.at, by_person=mailbox.sender(mail).is_person)


def _head(mailbox: Mailbox, mail: Mail, clock: Clock, sent: datetime) -> list[tuple[str, str]]:
    sender, owner = mailbox.sender(mail), mailbox.owner
    charset = mail.directives.get("charset", "utf-8")
    token = hashlib.sha256(f"{mailbox.handle}/{mail.key}".encode()).hexdigest()[:16]
    lines: list[tuple[str, str]] = []
    if mail.sender != "me":
        received = sent + timedelta(seconds=3)
        lines.extend(headers.arrival(sender, owner.address, received, mail.directives.get("auth", "")))
    lines.append(("Message-ID", mailbox.message_id(mail)))
    lines.append(("Date", format_datetime(sent)))
    lines.append(("From", _author(mail, sender.name, sender.address, charset)))
    lines.append(("To", _recipients(mailbox, mail, "to", charset)))
    if mail.names("cc"):
        lines.append(("Cc", _recipients(mailbox, mail, "cc", charset)))
    lines.append(("Subject", subject_words(clock.spell(mailbox.subject(mail)), charset)))
    ancestors = mailbox.ancestors(mail)
    if ancestors:
        lines.append(("In-Reply-To", mailbox.message_id(ancestors[-1])))
        lines.append(("References", "\n ".join(mailbox.message_id(above) for above in ancestors)))
    if mail.sender != "me":
        lines.extend(headers.bulk(sender, token))
    # A header written in the script replaces ours; a forged verdict stands beside the receiving server's own.
    replaced = mail.headers.keys() - {"Authentication-Results"}
    lines = [(name, value) for name, value in lines if name not in replaced] + list(mail.headers.items())
    lines.append(("MIME-Version", "1.0"))
    return lines


def _author(mail: Mail, name: str, address: str, charset: str) -> str:
    """The From line; `author` puts a person's name, or name and address, where the list or forge would stand."""
    if "author" in mail.directives:
        name, _, own = mail.directives["author"].partition(" <")
        address = own.rstrip(">") or address
    return address_words(name, address, charset)


def _recipients(mailbox: Mailbox, mail: Mail, field: str, charset: str) -> str:
    """The To or Cc line. Without a `to`, mail goes to the list or the owner, and the owner's answers to their asker."""
    above, author = mailbox.parent(mail), mailbox.sender(mail)
    if author.kind == "list" and field == "to":
        return address_words(author.name, author.address)
    names = mail.names(field)
    if not names and mail.sender == "me" and above is not None:
        sender = mailbox.sender(above)
        return address_words(sender.name, sender.address, charset)
    return ",\n ".join(_recipient(mailbox, name, charset) for name in names or ["me"])


def _recipient(mailbox: Mailbox, name: str, charset: str) -> str:
    if name == "me":
        return address_words(mailbox.owner.name, mailbox.owner.address, charset)
    if "@" in name or ":" in name:
        return name
    sender = senders()[name]
    return address_words(sender.name, sender.address, charset)


def _content(mailbox: Mailbox, mail: Mail, clock: Clock) -> Message:
    sender = mailbox.sender(mail)
    content = body_part(mail, sender, _text(mailbox, mail, clock))
    if "invite" in mail.directives:
        event = invitation(
            mail.directives["invite"],
            clock=clock,
            uid=f"{mail.key}-{mail.number}@{sender.domain}",
            summary=mail.subject.partition(": ")[2] or mail.subject,
            organiser=sender.address,
            guest=mailbox.owner.address,
        )
        content = _multipart(mail, "alternative", "inv", content, event)
    if mail.names("attach"):
        content = _multipart(mail, "mixed", "mix", content, *(attachment(name) for name in mail.names("attach")))
    return content


def _multipart(mail: Mail, subtype: str, name: str, *parts: Message) -> MIMEMultipart:
    whole = MIMEMultipart(subtype, boundary=boundary(mail, name))
    for part in parts:
        whole.attach(part)
    return whole


def _text(mailbox: Mailbox, mail: Mail, clock: Clock) -> str:
    """The body with its dates spelt out, the sender's signature and, where the script says so, the mail it answers."""
    sender, above = mailbox.sender(mail), mailbox.parent(mail)
    text = clock.spell(mail.body)
    if sender.signature and "from" not in mail.directives:
        text += f"\n-- \n{sender.signature.strip()}\n"
    if "quote" in mail.directives and above is not None:
        when = sent_at(mailbox, above, clock)
        author = above.directives.get("author", mailbox.sender(above).name).partition(" <")[0]
        quoted = "".join(f"> {line}\n".replace("> \n", ">\n") for line in clock.spell(above.body).splitlines())
        text += f"\nOn {when:%a} {when.day} {when:%b} {when.year} at {when:%H:%M}, {author} wrote:\n{quoted}"
    return text


def _verbatim(mailbox: Mailbox, mail: Mail, clock: Clock, sent: datetime) -> bytes:
    """A message written out in the script, for mail no well-behaved program would write; raw 8-bit in latin-1."""
    words = {"{id}": mailbox.message_id(mail), "{date}": format_datetime(sent), "{me}": mailbox.owner.address}
    text = clock.spell(mail.body)
    for word, value in words.items():
        text = text.replace(word, value)
    return text.encode("latin-1", "replace")
