"""Authenticator codes: a right one counts once, wrong ones lock, and nobody enrols over another's app."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from told import ToldAudit
from world import ADA, BEN

from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.gate.codes import LOCKED_FOR, STEP, WRONG_AT_MOST, CodeRefused, Codes, _normal
from bot.store.database import Database
from bot.store.models import FactorRow
from bot.store.sealing import RowMismatch, Vault

NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
STEPS = timedelta(seconds=STEP)


class Phone:
    """The person's authenticator app."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret.replace(" ", ""))

    def shows(self, at: datetime) -> str:
        return self._app.at(at)

    def wrong(self, at: datetime) -> str:
        """A code it shows neither now nor a step before or after."""
        near = {self.shows(at + offset * STEPS) for offset in range(-3, 4)}
        return next(code for number in range(1_000_000) if (code := f"{number:06}") not in near)


@pytest.fixture
def audit(database: Database, vault: Vault) -> ToldAudit:
    return ToldAudit(database, vault)


@pytest.fixture
def codes(database: Database, vault: Vault, audit: ToldAudit) -> Codes:
    return Codes(database, vault, audit)


@pytest.fixture
async def other_replica(database: Database, vault: Vault) -> AsyncIterator[Codes]:
    other = Database(database.url)
    yield Codes(other, vault, ToldAudit(other, vault))
    await other.close()


async def enrolled(codes: Codes, person: Person = ADA, now: datetime = NOW - timedelta(hours=1)) -> Phone:
    phone = Phone((await codes.begin(person, now)).secret)
    await codes.confirm(person, phone.shows(now), now)
    return phone


async def taken(codes: Codes, code: str, now: datetime = NOW, person: Person = ADA) -> str:
    """Why the code was refused; empty when it was taken."""
    try:
        await codes.check(person, code, now)
    except CodeRefused as refused:
        said = refused
    else:
        return ""
    assert said.field == "code"
    assert said.mend
    return said.message


WRONG, USED, LOCKED, NONE, SHAPE = (
    "This is not the code.",
    "This code was used already.",
    "There were too many wrong codes.",
    "No authenticator app is set up.",
    "A code has six digits.",
)


# Enrolling


async def test_an_app_counts_once_it_is_confirmed(codes: Codes, audit: ToldAudit) -> None:
    enrolment = await codes.begin(ADA, NOW)
    phone = Phone(enrolment.secret)
    assert not await codes.is_enrolled(ADA)
    assert await taken(codes, phone.shows(NOW)) == NONE
    await codes.confirm(ADA, phone.shows(NOW), NOW)
    assert await codes.is_enrolled(ADA)
    assert not await codes.is_enrolled(BEN)
    assert await taken(codes, phone.shows(NOW)) == USED
    assert await taken(codes, phone.shows(NOW + STEPS), NOW + STEPS) == ""
    assert [(entry.event, entry.person, entry.own) for entry in audit.told] == [("enrolled", ADA, True)]


async def test_the_app_is_told_what_it_needs(codes: Codes) -> None:
    enrolment = await codes.begin(ADA, NOW)
    groups = enrolment.secret.split(" ")
    assert [len(group) for group in groups] == [4] * 8
    address = urlsplit(enrolment.uri)
    told = parse_qs(address.query)
    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/MeshClaw:UADA")
    assert (told["secret"], told["issuer"]) == (["".join(groups)], ["MeshClaw"])


async def test_beginning_again_forgets_what_was_not_confirmed(codes: Codes) -> None:
    first = Phone((await codes.begin(ADA, NOW)).secret)
    second = Phone((await codes.begin(ADA, NOW)).secret)
    with pytest.raises(CodeRefused, match=WRONG):
        await codes.confirm(ADA, first.shows(NOW), NOW)
    await codes.confirm(ADA, second.shows(NOW), NOW)


async def test_nobody_enrols_over_a_confirmed_app(codes: Codes) -> None:
    phone = await enrolled(codes)
    with pytest.raises(PersonMends, match="set up already"):
        await codes.begin(ADA, NOW)
    with pytest.raises(CodeRefused, match="set up already"):
        await codes.confirm(ADA, phone.shows(NOW), NOW)
    assert await taken(codes, phone.shows(NOW)) == ""
    await enrolled(codes, BEN)


async def test_nothing_to_confirm(codes: Codes) -> None:
    with pytest.raises(CodeRefused, match=NONE):
        await codes.confirm(ADA, "123456", NOW)


async def test_a_wrong_first_code_confirms_nothing_and_is_counted(codes: Codes) -> None:
    phone = Phone((await codes.begin(ADA, NOW)).secret)
    for _ in range(WRONG_AT_MOST):
        with pytest.raises(CodeRefused):
            await codes.confirm(ADA, phone.wrong(NOW), NOW)
    with pytest.raises(CodeRefused, match=LOCKED):
        await codes.confirm(ADA, phone.shows(NOW), NOW)
    assert not await codes.is_enrolled(ADA)


# Codes


async def test_a_code_of_a_step_before_or_after_is_taken_and_no_other(codes: Codes) -> None:
    phone = await enrolled(codes)
    assert await taken(codes, phone.shows(NOW - 2 * STEPS)) == WRONG
    assert await taken(codes, phone.shows(NOW + 2 * STEPS)) == WRONG
    assert await taken(codes, phone.shows(NOW - STEPS)) == ""
    assert await taken(codes, phone.shows(NOW)) == ""
    assert await taken(codes, phone.shows(NOW + STEPS)) == ""


async def test_no_code_is_taken_twice_nor_an_older_one_after_it(codes: Codes) -> None:
    phone = await enrolled(codes)
    assert await taken(codes, phone.shows(NOW)) == ""
    assert await taken(codes, phone.shows(NOW)) == USED
    assert await taken(codes, phone.shows(NOW), NOW + STEPS) == USED
    assert await taken(codes, phone.shows(NOW - STEPS)) == USED


async def test_of_many_at_once_one_code_counts_once(codes: Codes, other_replica: Codes) -> None:
    phone = await enrolled(codes)
    for round in range(8):
        now = NOW + round * STEPS
        said = await asyncio.gather(*(taken(replica, phone.shows(now), now) for replica in [codes, other_replica] * 4))
        assert sorted(said) == ["", *[USED] * 7]


async def test_a_code_is_of_its_owner_alone(codes: Codes) -> None:
    phone = await enrolled(codes)
    await enrolled(codes, BEN)
    assert await taken(codes, phone.shows(NOW), person=BEN) == WRONG
    assert await taken(codes, phone.shows(NOW)) == ""


async def test_too_many_wrong_codes_lock(codes: Codes, audit: ToldAudit) -> None:
    phone = await enrolled(codes)
    said = [await taken(codes, phone.wrong(NOW)) for _ in range(WRONG_AT_MOST)]
    assert said == [WRONG] * (WRONG_AT_MOST - 1) + [LOCKED]
    almost = NOW + LOCKED_FOR - timedelta(seconds=1)
    assert await taken(codes, phone.shows(NOW)) == LOCKED
    assert await taken(codes, phone.shows(almost), almost) == LOCKED
    assert audit.events == ["enrolled", "code-locked"]
    after = NOW + LOCKED_FOR
    said = [await taken(codes, phone.wrong(after), after) for _ in range(WRONG_AT_MOST)]
    assert said == [WRONG] * (WRONG_AT_MOST - 1) + [LOCKED]
    assert await taken(codes, phone.shows(after + LOCKED_FOR), after + LOCKED_FOR) == ""


async def test_a_right_code_forgives_the_wrong_ones(codes: Codes) -> None:
    phone = await enrolled(codes)
    for round in range(3):
        now = NOW + round * STEPS
        for _ in range(WRONG_AT_MOST - 1):
            assert await taken(codes, phone.wrong(now), now) == WRONG
        assert await taken(codes, phone.shows(now), now) == ""


async def test_wrong_codes_at_once_are_each_counted(codes: Codes, other_replica: Codes) -> None:
    phone = await enrolled(codes)
    said = await asyncio.gather(*(taken(replica, phone.wrong(NOW)) for replica in [codes, other_replica] * 4))
    assert sorted(said) == sorted([WRONG] * 4 + [LOCKED] * 4)


async def test_a_code_is_read_as_people_type_it(codes: Codes) -> None:
    phone = await enrolled(codes)
    for round, typed in enumerate(
        [
            lambda code: f" {code[:3]} {code[3:]}\n",
            lambda code: f"{code[:3]}\u00a0{code[3:]}\u200b",
            lambda code: f"{code[:3]}-{code[3:]}",
            lambda code: code.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
            lambda code: code.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)}),
        ]
    ):
        now = NOW + round * STEPS
        assert await taken(codes, typed(phone.shows(now)), now) == ""
    for typed_badly in ["", "12345", "1234567", "12345a", "abcdef", "½23456", "1" * 1_000]:
        assert await taken(codes, typed_badly) == SHAPE
    assert await taken(codes, phone.wrong(now), now) == WRONG  # none of those was counted as a guess


@given(st.text(max_size=30))
def test_whatever_is_typed_is_six_digits_or_refused(typed: str) -> None:
    try:
        given = _normal(typed)
    except CodeRefused:
        return
    assert len(given) == 6
    assert given.isascii()
    assert given.isdigit()


async def test_codes_that_look_alike_count_for_each_step(codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once in a million steps two in a row have one code: it may be used for each of them, and no third time."""
    monkeypatch.setattr(pyotp.TOTP, "generate_otp", lambda app, step: "123456" if step % 10 < 8 else "654321")
    start = datetime.fromtimestamp(1_800_000_000 // 300 * 300, UTC)  # a step whose number ends in 0
    now = start + 2 * STEPS
    await codes.begin(ADA, now)
    await codes.confirm(ADA, "123456", now)
    assert [await taken(codes, "123456", now) for _ in range(3)] == ["", "", USED]


# Ending


async def test_removing_needs_a_code(codes: Codes, audit: ToldAudit) -> None:
    phone = await enrolled(codes)
    with pytest.raises(CodeRefused, match=WRONG):
        await codes.remove(ADA, phone.wrong(NOW), NOW)
    assert await codes.is_enrolled(ADA)
    await codes.remove(ADA, phone.shows(NOW), NOW)
    assert not await codes.is_enrolled(ADA)
    assert await taken(codes, phone.shows(NOW + STEPS), NOW + STEPS) == NONE
    assert audit.events == ["enrolled", "unenrolled"]
    await enrolled(codes)


async def test_the_operator_resets(codes: Codes, audit: ToldAudit) -> None:
    assert not await codes.reset(ADA, NOW, "operator")
    await enrolled(codes)
    await enrolled(codes, BEN)
    assert await codes.reset(ADA, NOW, "operator")
    assert [await codes.is_enrolled(person) for person in (ADA, BEN)] == [False, True]
    last = audit.told[-1]
    assert (last.event, last.person, last.own, last.actor) == ("factor-reset", ADA, False, "operator")


async def test_the_secret_stands_sealed_to_its_owner(database: Database, vault: Vault, codes: Codes) -> None:
    secret = (await codes.begin(ADA, NOW)).secret.replace(" ", "")
    async with database.read() as session:
        row = (await session.scalars(select(FactorRow))).one()
    assert secret.encode() not in row.body
    async with database.write() as session:
        await session.execute(update(FactorRow).values(owner=vault.pseudonym(BEN.owner)))
    with pytest.raises(RowMismatch):
        await codes.confirm(BEN, pyotp.TOTP(secret).at(NOW), NOW)


async def test_no_step_is_taken_twice_in_a_day_of_codes(codes: Codes) -> None:
    """Whatever is tried in whatever order: each step's code is taken at most once, and only near its time."""
    phone, dice, last = await enrolled(codes), random.Random(3), NOW - timedelta(hours=1)
    for _ in range(60):
        now = NOW + timedelta(seconds=dice.randrange(600))
        shown = now + dice.choice([-2, -1, 0, 1, 2]) * STEPS
        said = await taken(codes, phone.shows(shown), now)
        if said == LOCKED:
            continue
        step, here = int(shown.timestamp()) // STEP, int(now.timestamp()) // STEP
        assert (said == "") is (abs(step - here) <= 1 and step > int(last.timestamp()) // STEP)
        last = shown if said == "" else last
