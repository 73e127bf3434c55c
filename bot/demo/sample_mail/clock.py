"""When each sample mail was sent: the script is written for a Monday, and any day may be today.

A script day counts back from a Monday (0 = Monday, 1 = Sunday, 3 = Friday). Machines send on every day of the week, so
their days are calendar days. People write on working days: their script days are counted in working days, so that
whatever weekday the mailbox is opened on, Friday's questions were asked on the last working day before today.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# No mail of script day 0 is later than this, so that at any hour every mail lies in the past.
DAY_OPENS = time(9, 30)

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_TAGE = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_ZHOU = "一二三四五六日"
_PLACEHOLDER = re.compile(r"\{([+-]\d+) (\w+)\}")


@dataclass(frozen=True)
class Clock:
    """The calendar of one filling: `today` is script day 0 in the mailbox owner's own zone."""

    today: date
    zone: ZoneInfo

    @classmethod
    def at(cls, now: datetime, zone: ZoneInfo) -> "Clock":
        """The clock for an aware `now`; before DAY_OPENS local time, script day 0 is yesterday.

        Raises ValueError when `now` is naive.
        """
        if now.tzinfo is None:
            raise ValueError("now must be an aware datetime")
        local = now.astimezone(zone)
        opened = local.time() >= DAY_OPENS
        return cls(local.date() if opened else local.date() - timedelta(days=1), zone)

    def sent(self, days: int, at: time, *, by_person: bool) -> datetime:
        """The moment a mail of that script day and local time was sent."""
        return datetime.combine(self.back(days, working=by_person), at, self.zone)

    def back(self, days: int, *, working: bool) -> date:
        """The date of a script day in the past; weekend script days stay calendar days."""
        weeks, rest = divmod(days, 7)
        if not working or rest in (1, 2):
            return self.today - timedelta(days=days)
        steps = 5 * weeks + (rest - 2 if rest else 0)
        day = self.today - timedelta(days=max(0, self.today.weekday() - 4))
        while steps:
            day -= timedelta(days=1)
            steps -= day.weekday() < 5
        return day

    def ahead(self, days: int) -> date:
        """The working day on or after `days` from today."""
        day = self.today + timedelta(days=days)
        return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)

    def spell(self, text: str) -> str:
        """`text` with its placeholders spelt out: `{+4 day}` → "Friday", `{-3 date}` → "13 November"."""
        return _PLACEHOLDER.sub(self._spelt, text)

    def _spelt(self, found: re.Match[str]) -> str:
        offset = int(found[1])
        day = self.ahead(offset) if offset >= 0 else self.back(-offset, working=True)
        month, weekday = _MONTHS[day.month - 1], day.weekday()
        spellings = {
            "day": _DAYS[weekday],
            "date": f"{day.day} {month}",
            "full": f"{_DAYS[weekday]} {day.day} {month}",
            "short": f"{_DAYS[weekday][:3]} {day.day} {month[:3]}",
            "month": month,
            "year": str(day.year),
            "iso": day.isoformat(),
            "jour": f"{_JOURS[weekday]} {day.day:02d}/{day.month:02d}",
            "tag": f"{_TAGE[weekday]}, {day.day:02d}.{day.month:02d}.",
            "zh": f"{day.month}月{day.day}日(週{_ZHOU[weekday]})",
            "cn": f"{day.month}月{day.day}日(周{_ZHOU[weekday]})",
        }
        return spellings[found[2]]
