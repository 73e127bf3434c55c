"""Moments in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.views.times import moment, until, when

NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "tz", "words"),
    [
        (NOW, "Europe/London", "today 09:12"),
        (NOW, "Asia/Taipei", "today 17:12"),
        (NOW - timedelta(hours=12), "Europe/London", "yesterday 21:12"),
        (NOW + timedelta(hours=24), "Europe/London", "tomorrow 09:12"),
        (NOW - timedelta(days=5), "Europe/London", "Mon 09:12"),
        (NOW + timedelta(days=3), "Europe/London", "Tue 09:12"),
        (NOW - timedelta(days=7), "Europe/London", "14 Nov"),
        (NOW - timedelta(days=365), "Europe/London", "21 Nov 2025"),
        (NOW.astimezone(timezone(timedelta(hours=9))), "Europe/London", "today 09:12"),
        (NOW, "Nowhere/Atlantis", "today 09:12"),
        (NOW, "../../etc", "today 09:12"),
        (NOW, "", "today 09:12"),
    ],
)
def test_when(at: datetime, tz: str, words: str) -> None:
    assert when(at, tz, NOW) == words


def test_a_day_begins_where_the_person_is() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert when(late, "Europe/Berlin", NOW) == "today 00:30"
    assert when(late, "Europe/London", NOW) == "yesterday 23:30"


def test_until_and_moment() -> None:
    assert until(NOW + timedelta(hours=24), "Europe/London", NOW) == "until tomorrow 09:12"
    assert moment(NOW, "America/Los_Angeles") == "Sat 21 Nov 2026, 01:12"
