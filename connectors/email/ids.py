"""Names of mails for those who only read: short, and of no use in anybody else's mailbox.

`4711-k3v7mzd2qpa`: the number the mailbox itself gave it, then marks of the folder (three letters) and of the mail
(eight), made with a key of the installation. A name holds no more than that: what it stands for is looked up again.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.contracts.errors import PersonMends
from bot.contracts.mail import MailRef

PATTERN = r"^[0-9]{1,12}-[a-z2-7]{11}\Z"
_HINT = 3
_BEGINS = re.compile(r"[0-9]{1,12}")


def number_of(uid: str) -> str:
    """What a mail's name begins with: its UID, or the number its file's name begins with."""
    found = _BEGINS.match(uid)
    return found[0] if found else "0"


@dataclass(frozen=True, slots=True)
class Ids:
    """The names of the mails in one person's mailbox. `account`: whose, and where."""

    key: bytes = field(repr=False)
    account: str

    def name(self, ref: MailRef) -> str:
        mail = self._mark("mail", ref.folder, str(ref.validity), ref.uid)
        return f"{number_of(ref.uid)}-{self._folder(ref.folder)}{mail[:8]}"

    def resolve(self, names: Sequence[str], find: "Find") -> Mapping[str, MailRef]:
        """What the names stand for, in their order. Raises PersonMends for one that is of no mail here."""
        numbers = {name.partition("-")[0] for name in names}
        hints = {name.partition("-")[2][:_HINT] for name in names}
        known = {self.name(ref): ref for ref in find(numbers, lambda folder: self._folder(folder) in hints)}
        for name in names:
            if name not in known:
                raise unknown(name)
        return {name: known[name] for name in names}

    def _folder(self, folder: str) -> str:
        return self._mark("folder", folder)[:_HINT]

    def _mark(self, *of: str) -> str:
        whole = "\0".join((self.account, *of)).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(whole, key=self.key, digest_size=10).digest()
        return base64.b32encode(digest).decode("ascii").lower()


Find = Callable[[Collection[str], Callable[[str], bool]], Sequence[MailRef]]
"""The mails of those folders whose numbers are these."""


def unknown(name: str) -> PersonMends:
    return PersonMends(
        f"There is no mail {name} in this mailbox (any more).", "Search again, and use the ids it lists."
    )
