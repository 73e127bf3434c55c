"""The floor of the acknowledgement: a bare Bolt listener that makes one durable insert in SQLite, then acks."""

import asyncio
import os
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy import text

from bot.store.database import Database, database_url


async def main() -> None:
    database = Database(database_url(None, Path(os.environ["MESHCLAW_DATA"])))
    async with database.write() as session:
        await session.execute(text("create table inbox (id integer primary key, trigger_id text unique, body text)"))

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb", bot_id="B1", bot_user_id="UB")

    app = AsyncApp(signing_secret=os.environ["SLACK_SIGNING_SECRET"], process_before_response=True, authorize=authorize)

    async def take(ack: AsyncAck, command: dict[str, Any]) -> None:
        async with database.write() as session:
            await session.execute(
                text("insert into inbox (trigger_id, body) values (:id, :body)"),
                {"id": command["trigger_id"], "body": str(command)},
            )
        await ack("working")

    app.command("/meshclaw")(ack=take, lazy=[])

    async def events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", events)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
