"""What may be typed after `/meshclaw triage`. Pure."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.contracts.errors import PersonMends
from bot.contracts.json import JsonObject

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SEE = "Try: /meshclaw triage help"


@dataclass(frozen=True, slots=True)
class Options:
    """`since`: as typed, checked; `folder`: a name, empty for the inbox."""

    since: str = ""
    folder: str = ""
    dry_run: bool = False

    def as_args(self) -> JsonObject:
        return {"since": self.since, "folder": self.folder, "dry_run": self.dry_run}

    @classmethod
    def from_args(cls, args: JsonObject) -> "Options":
        return cls(str(args.get("since") or ""), str(args.get("folder") or ""), bool(args.get("dry_run")))

    def since_time(self, now: datetime) -> datetime | None:
        return start(self.since, now) if self.since else None


def parse(text: str) -> Options:
    """Raises PersonMends, with the mend, for anything not understood."""
    since, folder, dry_run = "", "", False
    words = iter(_words(text))
    for word in words:
        name, _, value = word.partition("=")
        match name.lower():
            case "--dry-run":
                dry_run = True
            case "--since":
                since = value or next(words, "")
                start(since, datetime.now(UTC))
            case "--folder":
                folder = value or next(words, "")
                if not folder:
                    raise PersonMends("--folder needs the name of a folder.", "For example: --folder Archive")
            case _:
                raise PersonMends(f"Triage does not know “{word[:40]}”.", _SEE)
    return Options(since, folder, dry_run)


def start(since: str, now: datetime) -> datetime:
    """The time `7d`, `12h`, `2w` ago, or the beginning of a day like 2026-11-01 (UTC). Raises PersonMends."""
    if not since:
        raise PersonMends("--since needs a span or a day.", "For example: --since 7d, or --since 2026-11-01")
    amount, unit = since[:-1], since[-1:].lower()
    try:
        if unit in _UNITS and amount.isascii() and amount.isdigit() and int(amount) > 0:
            return now - int(amount) * _UNITS[unit]
        day = datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise PersonMends(
            f"--since does not understand “{since[:40]}”.", "Type a span like 12h, 7d or 2w, or a day like 2026-11-01."
        ) from None
    if day > now:
        raise PersonMends(f"{since} lies in the future.", "Type a day that has been.")
    return day


def _words(text: str) -> list[str]:
    """Split as a shell would; phones turn `--` and quotes into typographic ones, so they are turned back."""
    plain = text.replace("—", "--").replace("–", "--").translate(str.maketrans("“”„‘’", '"""\'\''))
    try:
        return shlex.split(plain)
    except ValueError:
        raise PersonMends("A quotation mark is not closed.", _SEE) from None
