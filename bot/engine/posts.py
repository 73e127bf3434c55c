"""Messages posted once: a row before posting, the message's place after; later only updates."""

from datetime import UTC, datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.contracts.slack import Message, Posted, Slack
from bot.store.database import Database
from bot.store.models import PostRow


class Posts:
    """Keeps one message in Slack per key, whatever dies between writing and posting."""

    def __init__(self, database: Database, slack: Slack) -> None:
        self._database = database
        self._slack = slack

    async def put(self, key: str, channel: str, message: Message, thread_ts: str | None = None) -> Posted:
        """Post under this key, or replace what was posted under it. Raises what Slack's side raises."""
        posted, begun_before = await self._begin(key, channel)
        if posted is None and begun_before:
            posted = await self._slack.find(channel, key, thread_ts)
            if posted:
                await self._place(key, posted)
        if posted:
            await self._slack.update(posted, message)
            return posted
        posted = await self._slack.post(channel, message, key=key, thread_ts=thread_ts)
        await self._place(key, posted)
        return posted

    async def stands(self, key: str, posted: Posted) -> bool:
        """Whether that is the message under this key, or under one that begins with it and a colon; True while none of
        them has been posted."""
        mine = or_(PostRow.key == key, PostRow.key.startswith(f"{key}:", autoescape=True))
        query = select(PostRow.channel, PostRow.ts).where(mine, PostRow.ts.is_not(None))
        async with self._database.read() as session:
            places = [Posted(row.channel, row.ts or "") for row in await session.execute(query)]
        return not places or posted in places

    async def forget(self, key: str) -> None:
        """The message under this key, and those under keys that begin with it and a colon, are touched no more."""
        mine = or_(PostRow.key == key, PostRow.key.startswith(f"{key}:", autoescape=True))
        async with self._database.write() as session:
            await session.execute(delete(PostRow).where(mine))

    async def purge(self, before: datetime) -> None:
        """Forget messages posted before that time, but those of cards, which `forget` takes."""
        old = delete(PostRow).where(PostRow.created_at < before, ~PostRow.key.startswith("card:"))
        async with self._database.write() as session:
            await session.execute(old)

    async def _begin(self, key: str, channel: str) -> tuple[Posted | None, bool]:
        """Where the message stands, if it does; and whether posting it was begun before."""
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        statement = insert(PostRow).values(key=key, channel=channel, ts=None, created_at=datetime.now(UTC))
        async with self._database.write() as session:
            new = await session.execute(statement.on_conflict_do_nothing().returning(PostRow.key))
            if new.first() is not None:
                return None, False
            row = await session.get_one(PostRow, key)
            return (Posted(row.channel, row.ts) if row.ts else None), True

    async def _place(self, key: str, posted: Posted) -> None:
        async with self._database.write() as session:
            await session.execute(
                update(PostRow).where(PostRow.key == key).values(channel=posted.channel, ts=posted.ts)
            )
