"""The audit: a keyed chain of what was proposed, decided, begun and ended.

Each link's seal is an HMAC over its columns and the seal before it, so that an edit, a deletion or a reordering breaks
the chain; a cut-off end, or a chain written anew by somebody with the key, shows against a head kept outside
(`anchor.py`). What a link tells stands sealed in a body, all bodies of one length: the database shows that something
happened, not what. Links about a person's own things are opened for that person alone.
"""

import hashlib
import re
import secrets
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Select, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.errors import OperatorMends
from bot.contracts.json import Json, JsonObject, canonical
from bot.contracts.people import Person
from bot.contracts.secrets import redacted
from bot.store.database import Database
from bot.store.models import AuditRow
from bot.store.sealing import Vault

BODY = 2_048
"""Bytes of every body before it is sealed."""

_START = "0" * 64
_LOCK = 1978
_PAGE = 200
_LONGEST_NAME = 110
_PLAIN = re.compile(r"[ !#-\[\]-~]{0,110}")  # one byte a letter, in JSON too: what nearly all names are
_TEXTS = ("preview", "provenance", "decision")

Damage = Literal["edited", "missing", "reordered", "truncated", "rewritten"]
_IN_WORDS: dict[Damage, str] = {
    "edited": "it was changed, or MeshClaw never wrote it",
    "missing": "it is missing",
    "reordered": "another link stands in its place",
    "truncated": "the chain ends before it, and a head kept outside says it was there",
    "rewritten": "it is not the link that a head kept outside names, so the chain was written anew",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `event`: a short word, such as `proposed`, `approved`, `intent`, `outcome`, `undo`, `granted` or
    `stopped`. `person`: in whose name; `own`: it touches only that person's own things; `actor`: user id of who did it,
    empty for MeshClaw itself. `digest`: of the plan or the call, hex; `preview`: the call in words; `provenance`: what
    outside text it was built from; `policy`: version of the policy; `decision`: the rule or the reason, in words;
    `key`: idempotency key of the effect; `result`: `done`, `failed`, `unknown` or another short word."""

    event: str
    person: Person
    own: bool = True
    actor: str = ""
    agent: str = ""
    plan: str = ""
    tool: str = ""
    digest: str = ""
    preview: str = ""
    provenance: str = ""
    policy: str = ""
    decision: str = ""
    key: str = ""
    result: str = ""
    result_digest: str = ""


_NAMES = tuple(each.name for each in fields(Entry) if each.name not in ("person", "own", *_TEXTS))


@dataclass(frozen=True, slots=True)
class Head:
    """A link by its number and seal. `at`: when it was made, or, read from an anchor, when it was kept there."""

    seq: int
    seal: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """The first link that does not hold, and how."""

    seq: int
    what: Damage

    def __str__(self) -> str:
        return f"link {self.seq}: {_IN_WORDS[self.what]}"


@dataclass(frozen=True, slots=True)
class Told:
    """A link opened. `entry`: None when the link does not hold and so tells nothing."""

    seq: int
    at: datetime
    entry: Entry | None


class Audit:
    """Appends to the chain, verifies it, and opens it for whom it is about."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def append(self, session: AsyncSession, *entries: Entry) -> None:
        """Add links within the caller's writing session: they stand if and only if what they tell of stands.

        Secrets in preview, provenance and decision are masked; what is too long for a body is cut there, and nowhere
        else. On PostgreSQL the chain is locked from here to the session's end, so call it late."""
        if not self._database.is_sqlite:  # SQLite's writing session is alone already
            await session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
        head = (await session.execute(_heads())).first()
        seq, previous = (head.seq, head.seal) if head else (0, _START)
        for entry in entries:
            seq += 1
            owner = self._vault.pseudonym(entry.person.owner)
            content = _content(entry)
            row = AuditRow(
                seq=seq,
                at=datetime.now(UTC),
                own=entry.own,
                owner=owner,
                digest=self._vault.mac(canonical(content)),
                body=self._vault.seal(content, table="audit", owner=owner, row=str(seq)),
                previous=previous,
            )
            row.seal = previous = self._seal(row, previous)
            session.add(row)

    async def head(self) -> Head | None:
        """The last link; None of an empty chain."""
        async with self._database.read() as session:
            found = (await session.execute(_heads().add_columns(AuditRow.at))).first()
        return Head(found.seq, found.seal, found.at) if found else None

    async def stands(self, head: Head) -> bool:
        """Whether the chain still has that link with that seal. A quick look, not a proof: `verify` is one."""
        async with self._database.read() as session:
            seal: str | None = await session.scalar(select(AuditRow.seal).where(AuditRow.seq == head.seq))
            return seal == head.seal

    async def verify(self, anchors: Iterable[Head] = ()) -> Breach | None:
        """The first link that does not hold, or None when the chain is whole, and is the one that these heads, kept
        outside the database, are of. Without heads a cut-off end shows nothing."""
        kept: dict[int, set[str]] = {}
        for anchor in anchors:
            kept.setdefault(anchor.seq, set()).add(anchor.seal)
        seq, previous, size = 0, _START, _PAGE
        undecided = await self._neither_own_nor_shared()
        links = select(AuditRow)
        while True:
            try:
                page = await self._page(links.order_by(AuditRow.seq).limit(size))
            except (TypeError, ValueError):  # no time, or no text, where one has to be: look for it link by link
                if size == 1:
                    return Breach(seq + 1, "edited")
                size = 1
                continue
            for row in page:
                if row.seq != seq + 1 or row.previous != previous:
                    return Breach(seq + 1, await self._displaced(row, seq + 1, previous))
                if self._opened(row) is None or row.seq == undecided:
                    return Breach(row.seq, "edited")
                if kept.pop(row.seq, {row.seal}) != {row.seal}:
                    return Breach(row.seq, "rewritten")
                seq, previous = row.seq, row.seal
            if not page:
                return Breach(seq + 1, "truncated") if kept else None
            links = select(AuditRow).where(AuditRow.seq > seq)

    async def of(self, person: Person, limit: int, before_seq: int | None = None) -> Sequence[Told]:
        """What was done in that person's name, newest first: for their own eyes."""
        return await self._told(select(AuditRow).where(self._about(person)), limit, before_seq)

    async def shared(self, limit: int, before_seq: int | None = None) -> Sequence[Told]:
        """What touched shared things, newest first, in anybody's name: for admins. Nobody's own things."""
        return await self._told(select(AuditRow).where(AuditRow.own.is_(False)), limit, before_seq)

    async def count_of(self, person: Person) -> int:
        """How many links there are in that person's name."""
        return await self._count(select(func.count()).select_from(AuditRow).where(self._about(person)))

    async def count_shared(self) -> int:
        """How many links touched shared things."""
        return await self._count(select(func.count()).select_from(AuditRow).where(AuditRow.own.is_(False)))

    async def export(self) -> AsyncIterator[JsonObject]:
        """Every link in order. Those about shared things with what they tell; of a person's own no more than that they
        are in the chain: whose they are, too, would say how much each person does."""
        links = select(AuditRow)
        while page := await self._page(links.order_by(AuditRow.seq).limit(_PAGE)):
            for row in page:
                link: dict[str, Json] = {"seq": row.seq, "at": row.at.isoformat(), "own": row.own}
                link |= {"digest": row.digest, "previous": row.previous, "seal": row.seal}
                yield link if row.own else {**link, "told": _as_json(self._opened(row))}
            links = select(AuditRow).where(AuditRow.seq > page[-1].seq)

    async def _told(self, links: Select[AuditRow], limit: int, before_seq: int | None) -> Sequence[Told]:
        if before_seq is not None:
            links = links.where(AuditRow.seq < before_seq)
        page = await self._page(links.order_by(AuditRow.seq.desc()).limit(limit))
        return [Told(row.seq, row.at, self._opened(row)) for row in page]

    async def _page(self, links: Select[AuditRow]) -> Sequence[AuditRow]:
        """A long chain is read in pieces, which hold nothing open between them."""
        async with self._database.read() as session:
            return (await session.scalars(links)).all()

    async def _count(self, counted: Select[int]) -> int:
        async with self._database.read() as session:
            return (await session.scalars(counted)).one()

    def _about(self, person: Person) -> Any:
        return AuditRow.owner == self._vault.pseudonym(person.owner)

    async def _neither_own_nor_shared(self) -> int | None:
        """SQLite lets anything stand in a column: such a link reads as one of the two and is found as neither."""
        async with self._database.read() as session:
            neither = AuditRow.own.is_not(True) & AuditRow.own.is_not(False)
            first: int | None = await session.scalar(select(func.min(AuditRow.seq)).where(neither))
            return first

    async def _displaced(self, row: AuditRow, seq: int, previous: str) -> Damage:
        """Why this row stands where link `seq` belongs."""
        if row.seq == seq and self._is_sealed(row, previous):
            return "edited"  # in nothing but the column that names the link before
        async with self._database.read() as session:
            elsewhere = await session.scalar(select(exists().where(AuditRow.previous == previous)))
        return "reordered" if elsewhere else "missing"

    def _opened(self, row: AuditRow) -> Entry | None:
        """What the link tells; None, with nothing opened, when its seal does not hold."""
        if not self._is_sealed(row, row.previous):
            return None
        try:
            content: dict[str, Any] = self._vault.open(row.body, table="audit", owner=row.owner, row=str(row.seq))
        except OperatorMends:
            return None
        return _entry(content["told"]) if self._vault.mac(canonical(content)) == row.digest else None

    def _is_sealed(self, row: AuditRow, previous: str) -> bool:
        try:
            return self._seal(row, previous) == row.seal
        except (AttributeError, TypeError, ValueError):  # whoever wrote the row put something else than text there
            return False

    def _seal(self, row: AuditRow, previous: str) -> str:
        at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
        return self._vault.mac(canonical([row.seq, at, row.own, row.owner, row.digest, previous]))


def _heads() -> Select[int, str]:
    return select(AuditRow.seq, AuditRow.seal).order_by(AuditRow.seq.desc()).limit(1)


def _content(entry: Entry) -> dict[str, Json]:
    """What a body holds: the entry, a nonce, so that no two are alike, and as many spaces as it is short of `BODY`."""
    texts: dict[str, str] = {name: redacted(getattr(entry, name)) for name in _TEXTS}
    told = {**_as_json(entry), **texts}
    content: dict[str, Json] = {"told": told, "nonce": secrets.token_hex(16), "pad": ""}
    missing = BODY - len(canonical(content))
    if missing < 0:
        told.update(_cut(texts, missing + sum(map(_size, texts.values()))))
        missing = BODY - len(canonical(content))
    return {**content, "pad": " " * missing}


def _as_json(entry: Entry | None) -> dict[str, Json]:
    """All fields of an entry; names too long to be one are replaced by their SHA-256."""
    if entry is None:
        return {}
    named: dict[str, Json] = {name: _name(getattr(entry, name)) for name in _NAMES}
    texts: dict[str, Json] = {name: getattr(entry, name) for name in _TEXTS}
    return {"person": [_name(entry.person.team), _name(entry.person.user)], "own": entry.own, **named, **texts}


def _entry(told: dict[str, Any]) -> Entry:
    return Entry(**{**told, "person": Person(*told["person"])})


def _name(name: str) -> str:
    if _PLAIN.fullmatch(name) or _size(name) <= _LONGEST_NAME:
        return name
    return f"sha256:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _cut(texts: dict[str, str], room: int) -> dict[str, str]:
    """The texts within so many bytes of JSON: the shortest first, none cut before it has its fair share."""
    fitted = {}
    by_size = sorted(texts, key=lambda name: _size(texts[name]))
    for position, name in enumerate(by_size):
        fitted[name] = _fitted(texts[name], room // (len(by_size) - position))
        room -= _size(fitted[name])
    return fitted


def _fitted(text: str, room: int) -> str:
    if _size(text) <= room:
        return text
    ending = "…"
    longest = range(min(len(text), room) + 1)
    fits = bisect_right(longest, room - _size(ending), key=lambda length: _size(text[:length]))
    return text[: max(0, fits - 1)] + ending


def _size(text: str) -> int:
    """Bytes of a text as JSON, between its quotes."""
    return len(canonical(text)) - 2
