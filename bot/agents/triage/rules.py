"""The person's own rules: one line each, obeyed before anything else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from bot.agents.triage.verdict import Bucket
from bot.contracts.errors import PersonMends
from bot.contracts.json import Json
from bot.contracts.mail import Mail

Kind = Literal["from", "domain", "list", "subject"]

_ADDRESS = re.compile(r"[^\s@<>,]{1,64}@[^\s@<>,]{1,190}")
_DOMAIN = re.compile(r"@?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_FORM = re.compile(
    r"\s*(from|domain|list|subject)\s*:?\s+(.{1,200}?)\s*(?:->|=>|→|\bto\b|\bis\b)\s*([\w ]{2,30})\s*", re.IGNORECASE
)
_NAMES = {
    "reply": Bucket.NEEDS_REPLY,
    "action": Bucket.NEEDS_ACTION,
    "newsletters": Bucket.NEWSLETTER,
    "notifications": Bucket.NOTIFICATION,
    "spam": Bucket.JUNK,
    "check": Bucket.TO_CHECK,
} | {bucket.value: bucket for bucket in Bucket}
_HELP = (
    "Write a rule like: from news@shop.example to newsletter. Or: domain shop.example to junk, list dev.example to "
    "fyi, subject invoice to needs_action."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Mail that matches goes into the bucket. `value` is lower case: an address, a domain (with all under it),
    a part of the list id, or a word of the subject."""

    kind: Kind
    value: str
    bucket: Bucket

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read `from|domain|list|subject VALUE → BUCKET`. Raises PersonMends, saying how a rule is written."""
        found = _FORM.fullmatch(line[:400])
        if not found:
            raise PersonMends("That is no rule.", _HELP)
        kind, value, name = found[1].lower(), found[2].strip(" \"'“”<>").lower(), found[3].strip().lower()
        bucket = _NAMES.get(name.replace(" ", "_"))
        if bucket is None:
            raise PersonMends(f"There is no bucket called “{name}”.", f"Take one of: {', '.join(Bucket)}.")
        return cls._checked(kind, value, bucket)

    @classmethod
    def _checked(cls, kind: str, value: str, bucket: Bucket) -> Self:
        if kind == "from" and not _ADDRESS.fullmatch(value):
            kind = "domain"
        if kind == "domain":
            if not _DOMAIN.fullmatch(value):
                raise PersonMends(f"“{value}” is neither an address nor a domain.", _HELP)
            return cls("domain", value.lstrip("@"), bucket)
        if kind == "from":
            return cls("from", value, bucket)
        if len(value) < 2:
            raise PersonMends(f"“{value}” is too short to match by.", _HELP)
        return cls("list" if kind == "list" else "subject", value, bucket)

    def matches(self, mail: Mail) -> bool:
        """Whether the rule speaks of this mail; a mail with several senders matches no rule about its sender."""
        if self.kind == "subject":
            return re.search(rf"(?<!\w){re.escape(self.value)}(?!\w)", mail.subject[:500].lower()) is not None or (
                not self.value.isascii() and self.value in mail.subject[:500].lower()
            )
        if self.kind == "list":
            return self.value in mail.headers.get("list-id", "").lower()
        if len(mail.senders) != 1:
            return False
        address = mail.sender.address
        if self.kind == "from":
            return address == self.value
        domain = address.rpartition("@")[2]
        return domain == self.value or domain.endswith(f".{self.value}")

    @property
    def names_sender(self) -> bool:
        """Whether the rule rests on who wrote, which can be forged."""
        return self.kind in {"from", "domain"}

    def words(self) -> str:
        """The rule as the person reads it, and as `parse` reads it back."""
        return f"{self.kind} {self.value} → {self.bucket.value}"

    def to_json(self) -> Json:
        return [self.kind, self.value, self.bucket.value]

    @classmethod
    def from_json(cls, value: Json) -> Self | None:
        """What `to_json` gave; None for what is no rule."""
        match value:
            case [str(kind), str(text), str(name)] if kind in _KINDS and name in set(Bucket) and text:
                return cls._checked_or_none(kind, text, Bucket(name))
        return None

    @classmethod
    def _checked_or_none(cls, kind: str, value: str, bucket: Bucket) -> Self | None:
        try:
            return cls._checked(kind, value.lower(), bucket)
        except PersonMends:
            return None


_KINDS: Mapping[str, None] = dict.fromkeys(("from", "domain", "list", "subject"))
