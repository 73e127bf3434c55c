"""The audit: a keyed chain of what was proposed, decided, begun and ended.

Each link's seal is an HMAC over all its columns and the seal before it, so that an edit, a deletion or a reordering
breaks the chain; without the installation's key it cannot be rewritten. Links name people by pseudonym, arguments
by digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.contracts.json import Json, canonical
from bot.store.database import Database
from bot.store.models import AuditRow
from bot.store.sealing import Vault

_START = "0" * 64
_LOCK = 1978
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `owner`: pseudonym; `digest`: of the plan or call; `result`: a short word, never a text."""

    event: str
    owner: str
    plan: str = ""
    tool: str = ""
    digest: str = ""
    result: str = ""


class Audit:
    """Appends to the chain and verifies it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def append(self, session: AsyncSession, *entries: Entry) -> None:
        """Add links within the caller's writing session: they stand if and only if what they tell of stands."""
        if not self._database.is_sqlite:  # SQLite's writing session is alone already
            await session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
        latest = select(AuditRow.seq, AuditRow.seal).order_by(AuditRow.seq.desc()).limit(1)
        head = (await session.execute(latest)).first()
        seq, previous = (head.seq, head.seal) if head else (0, _START)
        for entry in entries:
            seq += 1
            row = AuditRow(
                seq=seq,
                at=datetime.now(UTC),
                owner=entry.owner,
                event=entry.event,
                tool=entry.tool,
                plan=entry.plan,
                digest=entry.digest,
                result=entry.result,
                previous=previous,
            )
            row.seal = previous = self._seal(row)
            session.add(row)

    async def verify(self) -> int | None:
        """The sequence number of the first link that does not hold, or None when the chain is whole."""
        seq, previous = 0, _START
        page = await self._page(select(AuditRow))
        while page:
            for row in page:
                if row.seq != seq + 1 or row.previous != previous or row.seal != self._seal(row):
                    return seq + 1
                seq, previous = row.seq, row.seal
            page = await self._page(select(AuditRow).where(AuditRow.seq > seq))
        return None

    async def _page(self, links: Select[AuditRow]) -> Sequence[AuditRow]:
        """The first of these links: a long chain is read in pieces, which hold nothing open between them."""
        async with self._database.read() as session:
            return (await session.scalars(links.order_by(AuditRow.seq).limit(_PAGE))).all()

    def _seal(self, row: AuditRow) -> str:
        at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
        link: list[Json] = [row.seq, at, row.owner, row.event, row.tool, row.plan, row.digest, row.result, row.previous]
        return self._vault.mac(canonical(link))
