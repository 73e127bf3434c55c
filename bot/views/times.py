"""Moments as a person reads them: in their time zone, as short as is clear."""

from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def when(at: datetime, tz: str, now: datetime) -> str:
    """`today 09:12`, `yesterday 18:00`, `Mon 14:30` within six days, `21 Nov`, and `21 Nov 2024` in another year.

    `at` and `now` are aware; an unknown `tz` counts as UTC.
    """
    zone = _zone(tz)
    local, today = at.astimezone(zone), now.astimezone(zone)
    days = (local.date() - today.date()).days
    if days in _NEAR:
        return f"{_NEAR[days]} {_clock(local)}"
    if abs(days) < 7:
        return f"{_DAYS[local.weekday()]} {_clock(local)}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local.day} {_MONTHS[local.month - 1]}{year}"


def until(end: datetime, tz: str, now: datetime) -> str:
    """`until tomorrow 09:12`; `until 21 Nov` counts that day in."""
    return f"until {when(end, tz, now)}"


def moment(at: datetime, tz: str) -> str:
    """`Sat 21 Nov 2026, 09:12`: true whenever it is read, so for what stays in a conversation."""
    local = at.astimezone(_zone(tz))
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}, {_clock(local)}"


def to_second(at: datetime, tz: str) -> str:
    """`14:03:20`, for what is about to happen."""
    return f"{at.astimezone(_zone(tz)):%H:%M:%S}"


def day(at: date) -> str:
    """`21 Nov 2026`."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def _clock(local: datetime) -> str:
    return f"{local.hour:02}:{local.minute:02}"


def _zone(tz: str) -> tzinfo:
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the zone database
        return ZoneInfo("UTC")
