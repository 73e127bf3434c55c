"""One-time codes from a person's authenticator app: proof that it is they, where a press of a button proves only that
somebody holds their Slack session. Time-based (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of leeway.
"""

import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import PersonMends
from bot.contracts.people import Person
from bot.gate.audit import Audit, Entry
from bot.store.database import Database
from bot.store.models import FactorRow
from bot.store.sealing import Vault

STEP = 30
"""Seconds one code stands for."""
WRONG_AT_MOST = 5
LOCKED_FOR = timedelta(minutes=15)
_ISSUER = "MeshClaw"
_DIGITS = 6


class CodeRefused(PersonMends):
    """A code that proves nothing; it belongs to the form field `code`."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message, mend, field="code")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person puts into their authenticator app, shown to them once: `secret`, in groups of four, to type;
    `uri` (`otpauth://`), to open or to draw."""

    secret: str
    uri: str


class Codes:
    """The authenticator apps of all. A code counts once, whichever replica it reaches, and after five wrong ones none
    counts for a quarter of an hour."""

    def __init__(self, database: Database, vault: Vault, audit: Audit) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    async def begin(self, person: Person, now: datetime) -> Enrolment:
        """Make a secret, to be confirmed by a first code; one that was never confirmed is forgotten. Raises PersonMends
        when an app is set up already."""
        owner, secret = self._vault.pseudonym(person.owner), pyotp.random_base32()
        body = self._vault.seal(secret, table="factors", owner=owner, row=owner)
        fresh = {"body": body, "confirmed": False, "last_step": 0, "wrong": 0, "locked_until": None, "created_at": now}
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = insert(FactorRow).values(owner=owner, **fresh)
        statement = statement.on_conflict_do_update(
            index_elements=["owner"], set_=fresh, where=FactorRow.confirmed.is_(False)
        )
        async with self._database.write() as session:
            written = await session.scalar(statement.returning(FactorRow.owner))
        if written is None:
            raise PersonMends("An authenticator app is set up already.", "Remove it first, with a code from it.")
        grouped = " ".join(re.findall(".{1,4}", secret))
        return Enrolment(grouped, pyotp.TOTP(secret).provisioning_uri(name=person.user, issuer_name=_ISSUER))

    async def confirm(self, person: Person, code: str, now: datetime) -> None:
        """Take the first code of a new app: from now on it counts. Raises CodeRefused."""
        given = _normal(code)
        async with self._database.write() as session:
            row = await self._row(session, person, confirmed=False)
            refusal = await self._judge(session, person, row, given, now)
            if refusal is None:
                row.confirmed = True
                await self._audit.append(session, Entry("enrolled", person, actor=person.user))
        if refusal:
            raise refusal

    async def is_enrolled(self, person: Person) -> bool:
        """Whether this person has an app whose codes count."""
        async with self._database.read() as session:
            row = await session.get(FactorRow, self._vault.pseudonym(person.owner))
            return row is not None and row.confirmed

    async def check(self, person: Person, code: str, now: datetime) -> None:
        """Take a code; it counts no second time. Raises CodeRefused when it is wrong, was used, when there were too
        many wrong ones, or when no app is set up."""
        given = _normal(code)
        async with self._database.write() as session:
            row = await self._row(session, person, confirmed=True)
            refusal = await self._judge(session, person, row, given, now)
        if refusal:  # only now: a wrong code has to stay counted
            raise refusal

    async def remove(self, person: Person, code: str, now: datetime) -> None:
        """Forget the app, which needs a code from it. Raises CodeRefused."""
        given = _normal(code)
        async with self._database.write() as session:
            row = await self._row(session, person, confirmed=True)
            refusal = await self._judge(session, person, row, given, now)
            if refusal is None:
                await session.delete(row)
                await self._audit.append(session, Entry("unenrolled", person, actor=person.user))
        if refusal:
            raise refusal

    async def reset(self, person: Person, now: datetime, actor: str) -> bool:
        """Forget the app of somebody who lost it, as the operator; False when there was none. No code is needed, so all
        admins may read of it."""
        owner = self._vault.pseudonym(person.owner)
        async with self._database.write() as session:
            gone = await session.scalar(delete(FactorRow).where(FactorRow.owner == owner).returning(FactorRow.owner))
            if gone is None:
                return False
            await self._audit.append(session, Entry("factor-reset", person, own=False, actor=actor))
            return True

    async def _row(self, session: AsyncSession, person: Person, *, confirmed: bool) -> FactorRow:
        """The person's row, locked until the session ends, so that no other replica judges a code meanwhile."""
        row = await session.get(FactorRow, self._vault.pseudonym(person.owner), with_for_update=True)
        if row is not None and row.confirmed is confirmed:
            return row
        if row is not None and not confirmed:
            raise CodeRefused("An authenticator app is set up already.", "There is nothing to confirm.")
        raise CodeRefused("No authenticator app is set up.", "Set one up in MeshClaw's Home tab.")

    async def _judge(
        self, session: AsyncSession, person: Person, row: FactorRow, given: str, now: datetime
    ) -> CodeRefused | None:
        """Take the code, or say why not; either way the row remembers."""
        if row.locked_until and now < row.locked_until:
            return _locked(row.locked_until, now)
        secret = self._vault.open(row.body, table="factors", owner=row.owner, row=row.owner)
        steps = _steps(secret, given, now)
        if any(step > row.last_step for step in steps):
            row.last_step = min(step for step in steps if step > row.last_step)
            row.wrong, row.locked_until = 0, None
            return None
        if steps:
            return CodeRefused("This code was used already.", "Wait for the next one, and type that.")
        row.wrong = (0 if row.locked_until else row.wrong) + 1
        row.locked_until = None
        if row.wrong < WRONG_AT_MOST:
            return CodeRefused(
                "This is not the code.", "Type the one your app shows now, and check your phone's clock."
            )
        row.locked_until = now + LOCKED_FOR
        await self._audit.append(session, Entry("code-locked", person, decision="too many wrong codes"))
        return _locked(row.locked_until, now)


def _steps(secret: str, given: str, now: datetime) -> list[int]:
    """The steps around this moment that this is the code of."""
    app, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    around = range(here - 1, here + 2)
    return [step for step in around if hmac.compare_digest(app.generate_otp(step), given)]


def _normal(code: str) -> str:
    """The six digits of what was typed, in whatever digits and with whatever spaces. Raises CodeRefused."""
    digits = ""
    for char in code[:100]:
        if (digit := unicodedata.decimal(char, None)) is not None:
            digits += str(digit)
        elif char != "-" and unicodedata.category(char) not in ("Zs", "Zl", "Zp", "Cc", "Cf"):
            break
    else:
        if len(digits) == _DIGITS:
            return digits
    raise CodeRefused("A code has six digits.", "Type the one your authenticator app shows for MeshClaw.")


def _locked(until: datetime, now: datetime) -> CodeRefused:
    minutes = max(1, -((now - until) // timedelta(minutes=1)))
    return CodeRefused(
        "There were too many wrong codes.", f"Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."
    )
