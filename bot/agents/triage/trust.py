"""Who a mail really comes from, and what speaks against it.

Trust rises by three things only: a header the person's own mail server added, an id from their own Sent folder, and
what they did themselves. Nothing a sender can write raises it; much of what they write can lower it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from bot.agents.triage.domains import organisation, shared, skeleton
from bot.agents.triage.mind import Mind, plain_name
from bot.contracts.mail import Mail

Auth = Literal["pass", "fail", "list", "weak", "absent", "unknown"]
"""`pass`, `fail`: the receiving server says so. `list`: it vouches for the mailing list, not for who wrote. `weak`: it
checked and can say neither. `absent`: this mail lacks the
check other mails have. `unknown`: nothing in this mailbox is checked."""

_RESULT = re.compile(r"\s*(dmarc|dkim|spf)\s{0,3}=\s{0,3}(\w{1,20})(.*)", re.DOTALL)
_STRICT = re.compile(r"\bp=(?:quarantine|reject)\b")
_QUOTED = re.compile(r'"[^"]*"')
_COMMENT = re.compile(r"\([^()]*\)")
_PROPERTIES = frozenset({"header.d", "header.i", "smtp.mailfrom", "smtp.from"})
_ADDRESS = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,6})")

_RE = re.compile(r"\s*(?:re|aw|回复|回覆)\s?[:：]", re.IGNORECASE)

UNVERIFIED = "sender could not be verified"

Sign = tuple[float, str]


def server_of(results: str) -> str:
    """Who signed an Authentication-Results header: the organisation of its authserv-id, or its first word."""
    first = results[:300].partition(";")[0].split()
    if not first or "=" in first[0]:
        return "-"
    name = first[0].lower()
    return organisation(name) or name


def authentication(mail: Mail, mind: Mind) -> Auth:
    """What the receiving server says of the sender (RFC 8601), if it is the one to believe."""
    trusted = mind.server
    if not trusted:
        return "unknown"
    results = mail.headers.get("authentication-results", "")
    if not results or server_of(results) not in trusted:
        return "absent"
    return judge(results, mail.sender.address, mail.headers.get("list-id", ""))


@lru_cache(2_048)
def judge(results: str, sender: str, list_id: str = "") -> Auth:
    """Read the results for a sender: DMARC decides; without it DKIM or SPF for the sender's own organisation.

    Quoted strings and comments may hold what the sender wrote, so they go first, and a method counts only where a
    method may stand.
    """
    plain = _COMMENT.sub(" ", _QUOTED.sub(" ", results.lower()))
    if not {'"', "(", ")"}.isdisjoint(plain):
        return "weak"
    own = organisation(sender.rpartition("@")[2])
    vouched: set[str] = set()
    failed = False
    for part in plain.split(";")[:20]:
        found = _RESULT.match(part)
        if not found:
            continue
        method, result, detail = found.groups()
        if method == "dmarc" and result in {"pass", "fail"}:
            return "pass" if result == "pass" else "fail"
        if result == "pass":
            vouched |= _organisations(detail)
        failed = failed or result in {"fail", "permerror"}
    if own and own in vouched:
        return "pass"
    there = organisation(list_id.rpartition("<")[2].strip(" >").lower())
    if there and there in vouched:
        return "list"
    return "fail" if failed else "weak"


def _organisations(detail: str) -> set[str]:
    """Whose domains a result speaks of."""
    pairs = (word.partition("=") for word in detail.split())
    return {organisation(value.rpartition("@")[2]) for name, _, value in pairs if name in _PROPERTIES}


def verified(mail: Mail, auth: Auth) -> bool:
    """Whether the address may stand for the sender: checked, or nothing in this mailbox ever is."""
    return len(mail.senders) == 1 and auth in {"pass", "unknown"}


def signs(mail: Mail, mind: Mind, auth: Auth) -> list[Sign]:
    """What in the headers speaks against the mail: points (3 and more is grave) and words."""
    found = list(_check_signs(mail, mind, auth))
    if len(mail.senders) != 1:
        found.append((3.0, "names several senders" if mail.senders else "names no sender"))
    if _marked_as_spam(mail):
        found.append((4.5, "your mail server marked it as spam"))
    if mail.senders:
        found.extend(_name_signs(mail, mind, auth))
        found.extend(_domain_signs(mail, mind))
        found.extend(_reply_to_signs(mail))
    if mail.hidden and not (
        auth in {"pass", "unknown"} and "list-unsubscribe" in mail.headers
    ):  # there it is a preview line
        found.append((2.5 if auth in {"weak", "fail"} else 1.5, "holds hidden text"))
    if _RE.match(mail.subject) and not (mail.in_reply_to or mail.references or _vouched(mail, auth)):
        found.append((1.0, "looks like an answer, but answers nothing"))
    return found


def _check_signs(mail: Mail, mind: Mind, auth: Auth) -> Iterator[Sign]:
    """What the receiving server's check leaves open or denies."""
    address = mail.sender.address
    stranger = mind.senders.get(address).new
    if auth == "fail":
        yield 3.0, "sender could not be verified: your mail server's check failed"
        if "list-id" not in mail.headers and _STRICT.search(mail.headers.get("authentication-results", "").lower()):
            yield 1.5, "its domain asks that such mail be refused"
        if stranger:
            yield 0.5, "first mail from this sender"
    elif auth == "weak":
        yield (3.0, "a stranger who could not be verified") if stranger else (1.5, UNVERIFIED)
    elif auth == "absent":
        yield 0.5, UNVERIFIED
    if address in mind.owner and auth not in {"pass", "unknown"}:
        yield 3.0, "claims to come from you"


def _marked_as_spam(mail: Mail) -> bool:
    headers = mail.headers
    return headers.get("x-spam-flag", "").strip().lower() == "yes" or headers.get(
        "x-spam-status", ""
    ).lower().startswith("yes")


def _vouched(mail: Mail, auth: Auth) -> bool:
    """A list or machine of a checked sender: it honestly bears people's names and answers without citing."""
    return auth == "pass" and ("list-id" in mail.headers or "auto-submitted" in mail.headers)


def _name_signs(mail: Mail, mind: Mind, auth: Auth) -> list[Sign]:
    """What the display name pretends."""
    name, address = mail.sender.name[:200], mail.sender.address
    if not name:
        return []
    home = organisation(address.rpartition("@")[2])
    shown = _ADDRESS.search(name.lower()) if "@" in name else None
    if shown and organisation(shown[1]) != home:
        return [(3.0, f"shows another address as its name ({shown[0]})")]
    plain = plain_name(name)
    known = mind.names.get(plain)
    stranger = known and address not in known and not any(each.endswith(f"@{home}") for each in known)
    if stranger and not _vouched(mail, auth):
        return [(3.0, f"uses the name of {name}, but not an address of theirs")]
    if home not in mind.domains:
        joined = plain.replace(" ", "")
        for domain in mind.domains:
            brand = plain_name(domain.partition(".")[0]).replace(" ", "")
            if len(brand) >= 5 and brand in joined:
                return [(3.0, f"calls itself {name}, but does not come from {domain}")]
    return []


def _domain_signs(mail: Mail, mind: Mind) -> list[Sign]:
    """Domains that only look like one the person knows."""
    home = organisation(mail.sender.address.rpartition("@")[2])
    if not home or home in mind.domains:
        return []
    real = mind.skeletons.get(skeleton(home))
    if real and real != home and not _near(home, mind):
        return [(4.0, f"{home} only looks like {real}")]
    for domain in mind.domains:
        brand = domain.partition(".")[0]
        if len(brand) >= 5 and brand in home:
            return [(3.0, f"{home} only looks like {domain}")]
    return []


def _near(home: str, mind: Mind) -> bool:
    """Whether the domain is itself one the person deals with."""
    return home in mind.skeletons.values()


def _reply_to_signs(mail: Mail) -> list[Sign]:
    """Answers that would go somewhere else. Lists and bulk senders do that honestly."""
    found = _ADDRESS.search(mail.headers.get("reply-to", "")[:500].lower())
    if not found or "list-id" in mail.headers or "list-unsubscribe" in mail.headers:
        return []
    there, home = organisation(found[1]), organisation(mail.sender.address.rpartition("@")[2])
    if there == home or not there:
        return []
    if shared(there):
        return [(2.0, f"answers would go to another address ({found[0]})")]
    return [(1.0, f"answers would go to another address ({found[0]})")]
