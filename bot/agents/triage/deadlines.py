"""By when: the day a text sets as a limit, in English, Chinese, German and French."""

import re
from collections.abc import Set
from datetime import date, datetime, timedelta

from bot.agents.triage.phrases import HAN

_DAYS = {
    "monday": 0, "mon": 0, "montag": 0, "lundi": 0, "tuesday": 1, "tue": 1, "tues": 1, "dienstag": 1, "mardi": 1,
    "wednesday": 2, "wed": 2, "mittwoch": 2, "mercredi": 2, "thursday": 3, "thu": 3, "thurs": 3, "donnerstag": 3,
    "jeudi": 3, "friday": 4, "fri": 4, "freitag": 4, "vendredi": 4, "saturday": 5, "sat": 5, "samstag": 5, "samedi": 5,
    "sunday": 6, "sun": 6, "sonntag": 6, "dimanche": 6,
}  # fmt: skip
_MONTHS = {
    "jan": 1, "feb": 2, "fév": 2, "mar": 3, "mär": 3, "apr": 4, "avr": 4, "may": 5, "mai": 5, "jun": 6, "jui": 7,
    "jul": 7, "aug": 8, "aoû": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12, "déc": 12,
}  # fmt: skip
_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|fév(?:rier)?|mar(?:ch|s)?|märz|apr(?:il)?|avr(?:il)?|may|mai|june?|"
    r"juni|juin|july?|juli|juillet|aug(?:ust)?|août|sept?(?:ember|embre)?|oct(?:ober|obre)?|okt(?:ober)?|nov(?:ember|"
    r"embre)?|dec(?:ember)?|dez(?:ember)?|déc(?:embre)?)"
)
_WHEN = (
    r"(?P<today>today|tonight|end of (?:the )?day|eod|cob|close of business|heute|aujourd'hui)|(?P<tomorrow>tomorrow|"
    r"morgen|demain)|(?P<week>end of (?:the |this )?week|eow|ende der woche|fin de semaine)"
    rf"|(?:this |next |coming |the |diesen |ce )?(?P<weekday>{'|'.join(sorted(_DAYS, key=len, reverse=True))})"
    r"|(?P<iso>\d{4}-\d{1,2}-\d{1,2})"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? (?P<month>{_MONTH})|"
    rf"(?P<month2>{_MONTH})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?"
)
_BY = (
    r"(?:by|until|till|before|(?:no|not) later than|due(?: on| by| date:?)?|deadline(?: is| was|:)?|closes?|expires?|"
    r"ends?|latest|on or before|bis(?: zum| spätestens)?|spätestens(?: am| bis)?|d'ici|avant(?: le)?|"
    r"au plus tard(?: le)?)"
)
_LEAD = (
    r"(?:the |at the |am |den |le |on |noon |midnight |midday |\d{1,2}(?::\d\d ?|(?::\d\d)? ?(?:am|pm)),? ?(?:on )?|"
    r"(?:close of business|end of(?: the)?(?: day)?|cob|eod) (?:on )?)?"
)
_DEADLINE = re.compile(rf"\b{_BY}[ :]{{1,2}}{_LEAD}(?:{_WHEN})(?!\w)")
_TRIGGERS = frozenset(
    ["by", "until", "till", "before", "than", "due", "deadline", "close", "closes", "expire", "expires", "end", "ends",
     "latest", "bis", "spätestens", "d'ici", "avant", "tard"]
)  # fmt: skip
_CHINESE = re.compile(
    "(?:(?P<today>今天|今日|今晚|下班前)|(?P<tomorrow>明天|明日)|(?P<after>后天|後天)|(?P<next>下)?(?:个|個)?(?:本|这|這)?(?:周|週|星期|礼拜|"
    "禮拜)(?P<weekday>[一二三四五六日天])|(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})(?:日|号|號)|(?P<end>月底))[^。！？\n]{0,8}?(?:前|截止|"
    "为止|為止)|(?:截止|最晚|最迟|最遲|期限)[^。！？\n]{0,8}?(?:(?P<today2>今天|今日)|(?P<tomorrow2>明天|明日)|(?P<next2>下)?(?:本|这|這)?(?:周|週|星期|"
    "礼拜|禮拜)(?P<weekday2>[一二三四五六日天])|(?P<month2>[0-9]{1,2})月(?P<day2>[0-9]{1,2})(?:日|号|號))"
)


def deadline(text: str, words: Set[str], today: date) -> date | None:
    """The first day the text sets as a limit ("by Friday", "周五前"), as meant on `today`; `text` is lower case."""
    try:
        if not _TRIGGERS.isdisjoint(words):
            for found in _DEADLINE.finditer(text):
                if day := _western(found, today):
                    return day
        if HAN in words:
            for found in _CHINESE.finditer(text):
                if day := _eastern(found, today):
                    return day
    except OverflowError:  # a mail that claims to come from the end of time
        return None
    return None


def _western(found: re.Match[str], today: date) -> date | None:
    part = found.groupdict()
    if part["today"]:
        return today
    if part["tomorrow"]:
        return today + timedelta(1)
    if part["week"]:
        return _next(today, 4)
    if part["weekday"]:
        return _next(today, _DAYS[part["weekday"]])
    if part["iso"]:
        year, month, day = map(int, part["iso"].split("-"))
        return _real(year, month, day)
    name, number = (part["month"], part["day"]) if part["month"] else (part["month2"], part["day2"])
    return _this_or_next_year(6 if name == "juin" else _MONTHS[name[:3]], int(number), today)


def _eastern(found: re.Match[str], today: date) -> date | None:
    part = found.groupdict()
    if part["today"] or part["today2"]:
        return today
    if part["tomorrow"] or part["tomorrow2"]:
        return today + timedelta(1)
    if part["after"]:
        return today + timedelta(2)
    if part["end"]:
        return (today.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
    weekday = part["weekday"] or part["weekday2"]
    if weekday:
        place = min("一二三四五六日天".index(weekday), 6)
        if part["next"] or part["next2"]:
            return today + timedelta(7 - today.weekday() + place)
        return _next(today, place)
    return _this_or_next_year(int(part["month"] or part["month2"]), int(part["day"] or part["day2"]), today)


def _next(today: date, weekday: int) -> date:
    return today + timedelta((weekday - today.weekday()) % 7)


def _this_or_next_year(month: int, day: int, today: date) -> date | None:
    """A day without a year: this year's, or the next one's when that is long past."""
    found = _real(today.year, month, day)
    return _real(today.year + 1, month, day) if found and (today - found).days > 180 else found


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def said(day: date | None, today: date) -> str:
    """A deadline in words, seen on `today`: tomorrow, Friday, 5 December; empty for none."""
    if day is None:
        return ""
    away = (day - today).days
    if away < 0:
        return f"deadline was {day.day} {day:%B}"
    if away < 2:
        return f"deadline {('today', 'tomorrow')[away]}"
    return f"deadline {day:%A}" if away < 7 else f"deadline {day.day} {day:%B}"


def day_of(moment: datetime, now: datetime) -> date:
    """The day of a moment where the person is; for an impossible moment the day it claims."""
    try:
        return moment.astimezone(now.tzinfo).date()
    except (OverflowError, ValueError):
        return moment.date()
