"""What can be seen in one mail: the facts the decision and the learner start from."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from bot.agents.triage import trust
from bot.agents.triage.domains import organisation
from bot.agents.triage.mind import Mind, hashed
from bot.agents.triage.senders import NOBODY, Known
from bot.contracts.mail import Mail

WORDS = 250
TEXT = 2_000
_LETTERS = 40
_AROUND = '.,;:()[]<>"*-_'
_EAST = "\u3040"
_TOKEN = re.compile(
    r"https?://([^\s/?#<>\"]{1,200})\S{0,300}|[\w.+-]{1,64}+@([\w.-]{1,100})|(\d[\d.,:]{0,20})"
    rf"|([^\W\d_]{{1,{_LETTERS}}}(?:['’][^\W\d_]{{1,10}})?|[!$?€£%]{{1,5}})"
)
_MACHINE = re.compile(
    r"(?:^|[._+-])(?:no-?_?reply|do-?not-?reply|donotreply|notif\w*|alerts?|alarm\w*|monitor\w*|builds?|ci|jenkins|jira|github|"
    r"gitlab|bot|robot|daemon|mailer-daemon|postmaster|system|sysadmin|cron|root|automat\w*|receipts?|billing|invoices?|"
    r"orders?|shipping|tracking|delivery|security|account-?\w*|statements?|bookings?|reservations?|reminders?|"
    r"calendar|status|backup|ticket\w*|workflow|expenses?|payroll)(?:$|[._+-])"
)
_NO_REPLY = re.compile(r"no-?_?reply|do-?not-?reply|donotreply|mailer-daemon|postmaster|bounce")
_EDITORIAL = re.compile(
    r"(?:^|[._+-])(?:news\w*|digest|marketing|weekly|daily|editors?|editorial|hello|hi|team|updates?|offers?|deals?|"
    r"promo\w*|sales?|events?|webinars?|community|shop|store|info|letters?|magazine|briefing|insights?|mail|email)(?:$|[._+-])"
)
Place = Literal["alone", "to", "cc", "elsewhere", "unsaid"]


class Signals(NamedTuple):
    """The facts of one mail. `known`: what is remembered of the sender, nobody's when they are not verified;
    `place`: where the person stands among those addressed; `people`: how many those are; `answers_me`: cites a mail
    the person sent; `signs`: what speaks against the mail; `words`: of its text, at most 250."""

    address: str
    domain: str
    known: Known
    auth: trust.Auth
    verified: bool
    automatic: bool
    bulk: bool
    discussion: bool
    machine: bool
    no_reply: bool
    editorial: bool
    one_click: bool
    precedence: str
    place: Place
    people: int
    answers_me: bool
    in_thread: bool
    own: bool
    words: tuple[str, ...]
    signs: tuple[trust.Sign, ...]


def read(mail: Mail, mind: Mind) -> Signals:
    """Look at a mail once. Never raises for any mail; what is read of it is bounded."""
    headers = mail.headers
    address = mail.sender.address
    local, _, domain = address.rpartition("@")
    local = local[:64]
    auth = trust.authentication(mail, mind)
    verified = trust.verified(mail, auth)
    precedence = headers.get("precedence", "").strip().lower()[:12]
    submitted = headers.get("auto-submitted", "no").strip().lower()
    automatic = not submitted.startswith("no") or "x-auto-response-suppress" in headers
    machine, no_reply, editorial = _bearers(local)
    people = len(mail.to) + len(mail.cc)
    cites = (*mail.references[-20:], mail.in_reply_to) if mail.in_reply_to else mail.references[-20:]
    return Signals(
        address=address,
        domain=organisation(domain) or domain,
        known=mind.senders.get(address) if verified else NOBODY,
        auth=auth,
        verified=verified,
        automatic=automatic,
        bulk="list-unsubscribe" in headers or "list-id" in headers or precedence in {"bulk", "list", "junk"},
        discussion="list-post" in headers and not automatic and not machine,
        machine=machine,
        no_reply=no_reply,
        editorial=editorial,
        one_click="list-unsubscribe-post" in headers,
        precedence=precedence,
        place=_place(mail, mind, people),
        people=people,
        answers_me=bool(cites) and bool(mind.sent) and any(hashed(cited) in mind.sent for cited in cites),
        in_thread=bool(cites),
        own=address in mind.owner,
        words=tuple(tokens(mail.text[:TEXT].lower(), WORDS)),
        signs=tuple(trust.signs(mail, mind, auth)),
    )


@lru_cache(4_096)
def _bearers(local: str) -> tuple[bool, bool, bool]:
    """Whether an address, by its first part, is a machine's, takes no answers, is an editor's."""
    return bool(_MACHINE.search(local)), bool(_NO_REPLY.search(local)), bool(_EDITORIAL.search(local))


def _place(mail: Mail, mind: Mind, people: int) -> Place:
    own = mind.owner
    if not own:
        return "unsaid"
    if any(each.address in own for each in mail.to):
        return "alone" if people == 1 else "to"
    return "cc" if any(each.address in own for each in mail.cc) else "elsewhere"


def tokens(text: str, most: int) -> list[str]:
    """Words for the learner: links as their host, addresses as their domain, numbers by length, Chinese by pairs."""
    found: list[str] = []
    for chunk in text.split():
        word = chunk.strip(_AROUND)
        if word.isalpha() and word[0] < _EAST and len(word) <= _LETTERS:
            found.append(word)  # most are plain words, and need no closer look
        else:
            found.extend(_taken_apart(chunk))
    return found[:most]


def _taken_apart(chunk: str) -> Iterator[str]:
    for host, domain, number, word in _TOKEN.findall(chunk):
        if word and word[0] < _EAST:
            yield word
        elif word:
            yield from (word[place : place + 2] for place in range(max(1, len(word) - 1)))
        elif number:
            yield f"#{len(number)}"
        else:
            yield f"u:{host}" if host else f"@{domain}"


_FLAGGED_HEADERS = (
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "list-post",
    "auto-submitted",
    "reply-to",
    "feedback-id",
    "x-auto-response-suppress",
)


def features(mail: Mail, seen: Signals) -> tuple[str, ...]:
    """What the learner sees of a mail. An unverified sender gets a name of its own, so that what was learned of the
    real one does not speak for it."""
    address, domain = seen.address, mail.sender.address.rpartition("@")[2]
    mark = "" if seen.verified else "?"
    found = list(seen.words)
    found.extend([f"s:{token}" for token in tokens(mail.subject[:300].lower(), 30)])
    found.extend([f"n:{word}" for word in mail.sender.name.lower()[:80].split()[:4]])
    found.extend([f"h:{name}" for name in _FLAGGED_HEADERS if name in mail.headers])
    found.extend(
        (
            f"f{mark}:{address[:80]}",
            f"d{mark}:{domain[:60]}",
            f"t:{domain.rpartition('.')[2][:12]}",
            f"z:{len(str(mail.size))}",
            f"y:{len(mail.text).bit_length()}",
        )
    )
    for name, value, usual in (
        ("v", seen.auth, "unknown"),
        ("p", seen.precedence, ""),
        ("a", seen.place, "unsaid"),
        ("r", str(min(seen.people, 4)), "1"),
    ):
        if value != usual:  # what most mails share says nothing, and would only echo the last thing learned
            found.append(f"{name}:{value}")
    for name, holds in (
        ("html", mail.html_only),
        ("attachment", mail.attachments > 0),
        ("calendar", mail.calendar),
        ("thread", seen.in_thread),
        ("mine", seen.answers_me),
        ("machine", seen.machine),
        ("editorial", seen.editorial),
        ("hidden", mail.hidden),
        ("capitals", mail.subject.isupper()),
    ):
        if holds:
            found.append(f"·{name}")
    if seen.known.corresponds:
        found.append(f"·answered{round(4 * seen.known.reply_rate)}")
    list_id = mail.headers.get("list-id", "").rpartition("<")[2].strip(" >").lower()[:80]
    if list_id:
        found.append(f"l:{list_id}")
    return tuple(dict.fromkeys(found))
