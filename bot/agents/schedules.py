"""When an agent runs by itself: what people write, and the moments it means. Pure.

A schedule is a set of times on a wall clock, on some days. In the hour a clock change takes away, what was due then
runs later by as much; in the hour it repeats, once. What runs all round the clock follows the real hours instead.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.agents.mistakes import nearest
from bot.contracts.errors import PersonMends

LEAST_MINUTES = 15
LONGEST_TEXT = 200
_DAY = 24 * 60
_MOST_DAYS = 366 * 9  # a 29 February may be eight years away
_WRITE = "Write, for example, every weekday at 09:00, every Monday at 8:30, every hour, or as cron: 0 9 * * 1-5."
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = tuple("January February March April May June July August September October November December".split())
_WEEK = frozenset(range(5))
_WEEKEND = frozenset((5, 6))
_MANY_DAYS = {
    **dict.fromkeys(("day", "days", "daily"), frozenset[int]()),
    **dict.fromkeys(("weekday", "weekdays", "workday", "workdays", "working day"), _WEEK),
    **dict.fromkeys(("weekend", "weekends", "weekend day"), _WEEKEND),
}
_CRON_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_CRON_MONTHS = tuple(month[:3].lower() for month in _MONTHS)
_CRON_PART = re.compile(r"(\*|\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?(?:/(\d{1,2}))?")
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?")


class NotASchedule(PersonMends):
    """What was written means no time, too many, or none that ever comes."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`times`: minutes of the day, in order; `days` of the month, `months` and `weekdays` (0 is Monday): none are all.
    `text`: as it was written."""

    times: tuple[int, ...]
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    text: str = field(default="", compare=False)

    @property
    def round_the_clock(self) -> bool:
        """Whether it runs in every hour, at the same minutes."""
        minutes = [at for at in self.times if at < 60]
        return bool(minutes) and self.times == tuple(hour * 60 + at for hour in range(24) for at in minutes)

    def on(self, day: date) -> bool:
        return (
            (not self.days or day.day in self.days)
            and (not self.months or day.month in self.months)
            and (not self.weekdays or day.weekday() in self.weekdays)
        )


def read_schedule(text: str) -> Schedule:
    """What a person wrote, in words or as cron. Raises NotASchedule."""
    words = " ".join(text.split()).rstrip(".")
    if not words or len(words) > LONGEST_TEXT:
        raise NotASchedule("this is no schedule", _WRITE)
    lower = words.lower()
    found = _cron(lower) if lower[0] in "*0123456789" else _regular(lower) or _daily(lower)
    schedule = Schedule(tuple(sorted(set(found.times))), found.days, found.months, found.weekdays, words)
    _check(schedule)
    return schedule


def next_after(schedule: Schedule, moment: datetime, tz: str) -> datetime:
    """The first moment after this one, in UTC, on a clock of that time zone (an IANA name; an unknown one is UTC)."""
    zone = _zone(tz)
    day = moment.astimezone(zone).date() - timedelta(days=1)  # the last of its times may come on the day after
    for first in (day + timedelta(days=count) for count in range(_MOST_DAYS)):
        if found := [at for at, _ in _moments(schedule, first, zone) if at > moment]:
            following = _moments(schedule, first + timedelta(days=1), zone)
            return min(*found, *(at for at, _ in following if at > moment), found[0])
    raise NotASchedule("this time never comes", _WRITE)


def latest(schedule: Schedule, moment: datetime, tz: str) -> datetime:
    """The last moment that was due, this one included: after a pause the only one that still counts."""
    return _latest(schedule, moment, _zone(tz))[0]


def slot(schedule: Schedule, fired_at: datetime, tz: str) -> str:
    """The name of the occurrence that was due last: the local date where it comes once a day, with the time where more
    often, in UTC where it goes round the clock. However late it is asked, and on every replica, it is the same."""
    at, (day, minute) = _latest(schedule, fired_at, _zone(tz))
    if schedule.round_the_clock:
        return f"{at:%Y%m%dT%H%MZ}"
    return f"{day}" if len(schedule.times) == 1 else f"{day}T{minute // 60:02}{minute % 60:02}"


def in_words(schedule: Schedule) -> str:
    """`every weekday at 09:00`, `every 30 minutes`, `on the 1st of every month at 08:00`."""
    days, regular = _days_in_words(schedule), _regular_in_words(schedule)
    if regular:
        return regular if days == "every day" else f"{regular}, {days}"
    if len(schedule.times) > 6:
        return f"{days}, {len(schedule.times)} times from {_clock(schedule.times[0])} to {_clock(schedule.times[-1])}"
    return f"{days} at {_listed([_clock(at) for at in schedule.times])}"


def _latest(schedule: Schedule, moment: datetime, zone: ZoneInfo) -> tuple[datetime, tuple[date, int]]:
    day = moment.astimezone(zone).date() + timedelta(days=1)
    for last in (day - timedelta(days=count) for count in range(_MOST_DAYS)):
        if found := [(at, by) for at, by in _moments(schedule, last, zone) if at <= moment]:
            before = _moments(schedule, last - timedelta(days=1), zone)
            return max(*found, *((at, by) for at, by in before if at <= moment), found[0])
    raise NotASchedule("this time never came", _WRITE)


def _moments(schedule: Schedule, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, tuple[date, int]]]:
    """The moments that are due by what the clock shows on one day: when, and by which day and minute."""
    if not schedule.on(day):
        return
    midnight, real = datetime(day.year, day.month, day.day), schedule.round_the_clock  # noqa: DTZ001 - a wall clock's
    for minute in schedule.times:
        shown = midnight + timedelta(minutes=minute)
        at = shown.replace(tzinfo=zone).astimezone(UTC)
        if not real:
            yield at, (day, minute)
            continue
        for fold in (at, shown.replace(tzinfo=zone, fold=1).astimezone(UTC)):
            if fold.astimezone(zone).replace(tzinfo=None, fold=0) == shown:
                yield fold, (day, minute)


@lru_cache(maxsize=1_000)
def _zone(tz: str) -> ZoneInfo:
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the zone database
        return ZoneInfo("UTC")


def _check(schedule: Schedule) -> None:
    if schedule.days and not any(min(schedule.days) <= monthrange(2024, month)[1] for month in _months(schedule)):
        raise NotASchedule("this day never comes", "That month is shorter.")
    following = (*schedule.times[1:], schedule.times[0] + _DAY)
    if any(later - at < LEAST_MINUTES for at, later in zip(schedule.times, following, strict=True)):
        raise NotASchedule(
            f"this is oftener than every {LEAST_MINUTES} minutes", f"Every {LEAST_MINUTES} is the least."
        )


def _months(schedule: Schedule) -> frozenset[int]:
    return schedule.months or frozenset(range(1, 13))


def _regular(text: str) -> Schedule | None:
    """`every hour`, `every 30 minutes`; only what divides an hour or a day comes at the same times every day."""
    if text == "hourly":
        return Schedule(tuple(range(0, _DAY, 60)))
    match = re.fullmatch(r"(?:every|each) (?:(\d{1,4}) )?(hour|hr|minute|min)s?", text)
    if not match:
        return None
    step = int(match[1] or 1) * (60 if match[2].startswith("h") else 1)
    if 0 < step < LEAST_MINUTES:
        raise NotASchedule(
            f"this is oftener than every {LEAST_MINUTES} minutes", f"Every {LEAST_MINUTES} is the least."
        )
    if step == 0 or (step < 60 and 60 % step) or (step >= 60 and (step % 60 or _DAY % step)):
        raise NotASchedule(
            "this divides neither an hour nor a day", "Take 15, 20 or 30 minutes, or 1, 2, 3, 4, 6, 8, 12 or 24 hours."
        )
    return Schedule(tuple(range(0, _DAY, step)))


def _daily(text: str) -> Schedule:
    """`every weekday at 09:00 and 18:00`."""
    match = re.fullmatch(r"(?:(?:every|each|on) )?(.+?) at (.+)", text)
    if not match:
        raise NotASchedule("this is no schedule", _WRITE)
    days = [_weekdays(word) for word in _apart(match[1])]
    times = tuple(_minute(word) for word in _apart(match[2]))
    return Schedule(times, weekdays=frozenset().union(*days) if all(days) else frozenset())


def _apart(text: str) -> list[str]:
    return [word.removeprefix("every ") for word in re.split(r", and |, | and |,", text)]


def _weekdays(word: str) -> frozenset[int]:
    """Days of the week, none for all of them."""
    if word in _MANY_DAYS:
        return _MANY_DAYS[word]
    for number, name in enumerate(_DAYS):
        if word in (name.lower(), f"{name.lower()}s", name[:3].lower()):
            return frozenset((number,))
    known = ("day", "weekday", "weekend", *_DAYS)
    raise NotASchedule(f"“{_shown(word)}” is no day", nearest(word, known))


def _minute(word: str) -> int:
    """A time of day as minutes since midnight."""
    if word in ("noon", "midnight"):
        return 12 * 60 if word == "noon" else 0
    match = _TIME.fullmatch(word)
    hour, minute, half = (int(match[1]), int(match[2] or 0), match[3]) if match else (-1, 0, None)
    if minute > 59 or not (1 <= hour <= 12 if half else 0 <= hour <= 23):
        raise NotASchedule(f"“{_shown(word)}” is no time of day", "Write it as 09:00, or 9 am.")
    return (hour % 12 + (12 if half == "pm" else 0) if half else hour) * 60 + minute


def _cron(text: str) -> Schedule:
    fields = text.split()
    if len(fields) != 5:
        raise NotASchedule(f"cron has five fields, and these are {len(fields)}", _WRITE)
    minutes = _cron_field("minute", fields[0], 0, 59)
    hours = _cron_field("hour", fields[1], 0, 23)
    days = _cron_field("day", fields[2], 1, 31)
    months = _cron_field("month", fields[3], 1, 12, _CRON_MONTHS)
    weekdays = frozenset((day - 1) % 7 for day in _cron_field("weekday", fields[4], 0, 7, _CRON_DAYS))
    days, months = (found if len(found) < most else frozenset() for found, most in ((days, 31), (months, 12)))
    weekdays = weekdays if len(weekdays) < 7 else frozenset()
    if days and weekdays:
        raise NotASchedule("these are days of the month and of the week", "Give one of the two, and * for the other.")
    return Schedule(tuple(hour * 60 + minute for hour in hours for minute in minutes), days, months, weekdays)


def _cron_field(name: str, text: str, low: int, high: int, names: Sequence[str] = ()) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _CRON_PART.fullmatch(part)
        ends = [_cron_number(end, low, names) for end in match.groups()[:2] if end and end != "*"] if match else []
        step = int(match[3] or 1) if match else 0
        if not match or None in ends or (match[3] and len(ends) == 1) or (match[1] == "*" and match[2]) or step == 0:
            raise NotASchedule(
                f"“{_shown(part)}” is no {name} of cron", f"Write *, {low}-{high}, or some of them: 1,15."
            )
        begin, end = (ends[0] or 0, ends[-1] or 0) if ends else (low, high - (high == 7))
        if not low <= begin <= end <= high:
            raise NotASchedule(f"“{_shown(part)}” is no {name} of cron", f"It goes from {low} to {high}.")
        found.update(range(begin, end + 1, step))
    return frozenset(found)


def _cron_number(text: str, low: int, names: Sequence[str]) -> int | None:
    if text.isdigit():
        return int(text)
    return names.index(text) + low if text in names else None


def _days_in_words(schedule: Schedule) -> str:
    months = _listed([_MONTHS[month - 1] for month in sorted(schedule.months)])
    if schedule.days:
        return f"on the {_listed([_nth(day) for day in sorted(schedule.days)])} of {months or 'every month'}"
    special = {frozenset[int](): "day", _WEEK: "weekday", _WEEKEND: "weekend"}.get(schedule.weekdays)
    days = special or _listed([_DAYS[day] for day in sorted(schedule.weekdays)])
    return f"every {days} in {months}" if months else f"every {days}"


def _regular_in_words(schedule: Schedule) -> str:
    for step in (15, 20, 30, *(hours * 60 for hours in (1, 2, 3, 4, 6, 8, 12))):
        if schedule.times == tuple(range(0, _DAY, step)):
            return "every hour" if step == 60 else f"every {step} minutes" if step < 60 else f"every {step // 60} hours"
    if schedule.round_the_clock:
        past = _listed([str(at) for at in schedule.times if at < 60])
        return f"{past} minutes past every hour"
    return ""


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _nth(number: int) -> str:
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def _shown(word: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in word[:30])
