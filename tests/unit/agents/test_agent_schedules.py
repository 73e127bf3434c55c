"""Schedules: what people write, in words and as cron; each occurrence once, whatever the clock does."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.agents.schedules import NotASchedule, Schedule, in_words, latest, next_after, read_schedule, slot

NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)  # a Saturday
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # in Europe: 02:00 becomes 03:00, 03:00 becomes 02:00
ZONES = [
    *("Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "UTC"),
    *("Pacific/Apia", "America/Havana", "America/Nuuk", "Africa/Casablanca", "Pacific/Chatham", "America/Santiago"),
]
zones = st.sampled_from(ZONES)
moments = st.integers(0, 29 * 366 * 24 * 60).map(
    lambda minutes: datetime(2008, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
times = st.lists(st.integers(0, 95).map(lambda quarter: quarter * 15), min_size=1, max_size=5, unique=True)
schedules = st.builds(
    lambda at, weekdays: Schedule(tuple(sorted(at)), weekdays=weekdays),
    times,
    st.sampled_from([frozenset[int](), frozenset({0, 1, 2, 3, 4}), frozenset({2}), frozenset({5, 6})]),
)
round_the_clock = st.sampled_from(["every hour", "every 30 minutes", "every 15 minutes", "5 * * * *"]).map(
    read_schedule
)
any_schedule = st.one_of(schedules, round_the_clock)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "words", "after"),
    [
        ("0 9 * * 1-5", "every weekday at 09:00", "2026-11-23 09:00"),
        ("0 9 * * mon-fri", "every weekday at 09:00", "2026-11-23 09:00"),
        ("0 9 * * 0", "every Sunday at 09:00", "2026-11-22 09:00"),
        ("0 9 * * 7", "every Sunday at 09:00", "2026-11-22 09:00"),
        ("every weekday at 09:00", "every weekday at 09:00", "2026-11-23 09:00"),
        ("Every Monday at 8:30.", "every Monday at 08:30", "2026-11-23 08:30"),
        ("every day at 18:00", "every day at 18:00", "2026-11-21 18:00"),
        ("daily at 9am and 6:30 pm", "every day at 09:00 and 18:30", "2026-11-21 18:30"),
        ("every day at 12 am", "every day at 00:00", "2026-11-22 00:00"),
        (
            "Mondays, Wednesdays and every fri at noon",
            "every Monday, Wednesday and Friday at 12:00",
            "2026-11-23 12:00",
        ),
        ("every weekend at 10", "every weekend at 10:00", "2026-11-21 10:00"),
        ("every hour", "every hour", "2026-11-21 10:00"),
        ("hourly", "every hour", "2026-11-21 10:00"),
        ("every 30 minutes", "every 30 minutes", "2026-11-21 09:30"),
        ("every 2 hours", "every 2 hours", "2026-11-21 10:00"),
        ("*/15 9-17 * * 1-5", "every weekday, 36 times from 09:00 to 17:45", "2026-11-23 09:00"),
        ("10,40 * * * *", "10 and 40 minutes past every hour", "2026-11-21 09:40"),
        ("0 8 1,15 * *", "on the 1st and 15th of every month at 08:00", "2026-12-01 08:00"),
        ("0 8 29 2 *", "on the 29th of February at 08:00", "2028-02-29 08:00"),
        ("0 8 31 * *", "on the 31st of every month at 08:00", "2026-12-31 08:00"),
        ("0 8 * jan,jul mon", "every Monday in January and July at 08:00", "2027-01-04 08:00"),
        ("0 6-22/8 * * *", "every day at 06:00, 14:00 and 22:00", "2026-11-21 14:00"),
    ],
)
def test_what_people_write(text: str, words: str, after: str) -> None:
    schedule = read_schedule(text)
    assert in_words(schedule) == words
    assert next_after(schedule, NOW, "UTC") == local(after, "UTC")


@pytest.mark.parametrize(
    ("text", "said", "mend"),
    [
        ("", "no schedule", "every weekday at 09:00"),
        ("whenever it rains", "no schedule", "every weekday at 09:00"),
        ("every mnday at 9", "“mnday” is no day", "Did you mean Monday?"),
        ("every day at 25:00", "“25:00” is no time of day", "09:00"),
        ("every day at 9:60", "“9:60” is no time of day", "09:00"),
        ("every day at 13 pm", "“13 pm” is no time of day", "09:00"),
        ("every 5 minutes", "oftener than every 15 minutes", "15"),
        ("*/10 * * * *", "oftener than every 15 minutes", "15"),
        ("0,55 0,23 * * *", "oftener than every 15 minutes", "15"),
        ("every 45 minutes", "divides neither", "20 or 30 minutes"),
        ("every 5 hours", "divides neither", "6, 8"),
        ("every 0 minutes", "divides neither", "15"),
        ("0 9 * *", "five fields, and these are 4", "0 9 * * 1-5"),
        ("0 9 31 2 *", "never comes", "shorter"),
        ("0 9 1 * 1", "of the month and of the week", "one of the two"),
        ("60 9 * * *", "“60” is no minute", "from 0 to 59"),
        ("0 24 * * *", "“24” is no hour", "from 0 to 23"),
        ("0 9 * * fri-mon", "“fri-mon” is no weekday", "from 0 to 7"),
        ("5/15 * * * *", "“5/15” is no minute", "Write *"),
        ("*/0 * * * *", "“*/0” is no minute", "Write *"),
        ("*-5 * * * *", "“*-5” is no minute", "Write *"),
        ("0 9 * * *; rm", "five fields", "cron"),
        ("every day at 9" + " and 9" * 100, "no schedule", "every"),
    ],
)
def test_what_means_no_time_is_told_with_its_mend(text: str, said: str, mend: str) -> None:
    with pytest.raises(NotASchedule) as told:
        read_schedule(text)
    assert said in told.value.message
    assert mend in told.value.mend


@given(schedules)
def test_the_words_for_a_schedule_mean_that_schedule(schedule: Schedule) -> None:
    assume(not schedule.round_the_clock)
    assert read_schedule(in_words(schedule)) == schedule


@given(
    st.sampled_from(["0 9 * * {}", "30 6,18 * {} *", "0 */4 {} * *", "15 12 * * {}", "0 0 * {} *"]),
    st.integers(1, 6),
    moments,
)
def test_cron_means_what_it_means_elsewhere(pattern: str, number: int, moment: datetime) -> None:
    text = pattern.format(number)
    fields = dict(zip(("minute", "hour", "day", "month", "day_of_week"), text.split(), strict=True))
    if fields["day_of_week"] != "*":  # there 0 is Monday
        fields["day_of_week"] = str((number - 1) % 7)
    expected = CronTrigger(timezone=UTC, **fields).get_next_fire_time(None, moment + timedelta(microseconds=1))
    assert next_after(read_schedule(text), moment, "UTC") == expected


@given(any_schedule, moments, zones)
def test_the_next_is_the_first_after_and_the_latest_the_last_before(
    schedule: Schedule, moment: datetime, zone: str
) -> None:
    after = next_after(schedule, moment, zone)
    before = latest(schedule, moment, zone)
    assert before <= moment < after
    assert next_after(schedule, before, zone) == after
    assert latest(schedule, after, zone) == after
    assert latest(schedule, after - timedelta(microseconds=1), zone) == before


@given(any_schedule, st.sampled_from([SPRING, AUTUMN, date(2026, 3, 8), date(2026, 11, 1), date(2011, 12, 29)]), zones)
def test_each_occurrence_has_a_name_of_its_own(schedule: Schedule, near: date, zone: str) -> None:
    at = datetime(near.year, near.month, near.day, tzinfo=UTC) - timedelta(days=1)
    names, fired = [], []
    while len(fired) < 12:
        at = next_after(schedule, at, zone)
        fired.append(at)
        names.append(slot(schedule, at, zone))
    assert len(set(names)) == len(names)
    for name, (one, other) in zip(names, pairwise(fired), strict=False):
        late = one + (other - one) * 0.99
        assert slot(schedule, late, zone) == name  # however late it is asked


@given(zones, st.integers(0, 95), moments)
def test_what_comes_once_a_day_comes_once_on_every_day_there_is(zone: str, quarter: int, begin: datetime) -> None:
    schedule, at, names = Schedule((quarter * 15,)), begin, []
    for _ in range(15):
        at = next_after(schedule, at, zone)
        names.append(date.fromisoformat(slot(schedule, at, zone)))
    gaps = {(later - day).days for day, later in pairwise(names)}
    skipped = zone == "Pacific/Apia" and date(2011, 12, 30) in {day + timedelta(days=1) for day in names}
    assert gaps == {1} or skipped


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("every day at 02:30", SPRING, ["03:30+0200"]),  # the hour is not there: as much later
        ("every day at 02:30", AUTUMN, ["02:30+0200"]),  # the hour comes twice: once
        ("every day at 02:30 and 03:30", SPRING, ["03:30+0200"]),  # both mean one moment
        ("every hour", SPRING, ["01:00+0100", "03:00+0200", "04:00+0200"]),
        ("every hour", AUTUMN, ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100", "04:00+0100"]),
    ],
)
def test_the_clock_changes(text: str, day: date, expected: list[str]) -> None:
    zone, schedule = ZoneInfo("Europe/Berlin"), read_schedule(text)
    at, end = local(f"{day} 00:30", "Europe/Berlin"), local(f"{day} 04:30", "Europe/Berlin")
    found = []
    while (at := next_after(schedule, at, "Europe/Berlin")) < end:
        found.append(f"{at.astimezone(zone):%H:%M%z}")
    assert found == expected


def test_a_gap_of_half_an_hour() -> None:
    """At Lord Howe 02:00 becomes 02:30: no full hour is in between."""
    schedule = read_schedule("every hour")
    before, after = local("2026-10-04 01:00", "Australia/Lord_Howe"), local("2026-10-04 03:00", "Australia/Lord_Howe")
    assert next_after(schedule, before, "Australia/Lord_Howe") == after
    assert latest(schedule, after - timedelta(minutes=1), "Australia/Lord_Howe") == before


def test_a_gap_across_midnight() -> None:
    """In Toronto 23:30 once became 00:30: the last of one day comes after the first of the next."""
    schedule, zone = read_schedule("every day at 00:35 and 23:45"), "America/Toronto"
    first, last = local("1919-03-31 00:35", zone), local("1919-03-31 00:45", zone)
    assert next_after(schedule, local("1919-03-30 12:00", zone), zone) == first
    assert next_after(schedule, first, zone) == last
    assert latest(schedule, last, zone) == last
    assert latest(schedule, last - timedelta(minutes=1), zone) == first
    assert [slot(schedule, at, zone) for at in (first, last)] == ["1919-03-31T0035", "1919-03-30T2345"]


def test_the_name_of_a_daily_occurrence_is_its_date_where_its_owner_lives() -> None:
    schedule = read_schedule("every day at 00:30")
    at = next_after(schedule, NOW, "Pacific/Auckland")
    assert (slot(schedule, at, "Pacific/Auckland"), at.date()) == ("2026-11-22", date(2026, 11, 21))


def test_a_zone_nobody_knows_is_utc() -> None:
    schedule = read_schedule("every day at 10:00")
    assert next_after(schedule, NOW, "Atlantis/Capital") == next_after(schedule, NOW, "UTC")
    assert next_after(schedule, NOW, "../../etc/passwd") == next_after(schedule, NOW, "UTC")


@given(st.text(max_size=60))
def test_whatever_is_written_is_understood_or_told(text: str) -> None:
    with contextlib.suppress(NotASchedule):
        assert next_after(read_schedule(text), NOW, "UTC") > NOW
