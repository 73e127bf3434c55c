"""files.*: uploads in Slack's two steps, and what became of them."""

from __future__ import annotations

from urllib.parse import quote

from bot.workspace.api.access import postable
from bot.workspace.api.registry import Args, JsonList, method
from bot.workspace.errors import SlackError
from bot.workspace.limits import Tier
from bot.workspace.model import Json, Message
from bot.workspace.posting import thread_root
from bot.workspace.services import Services


class GetUploadURL(Args):
    filename: str
    length: int


class CompleteUpload(Args):
    files: JsonList = None
    channel_id: str | None = None
    channels: str | None = None
    initial_comment: str = ""
    thread_ts: str | None = None


class FileArg(Args):
    file: str


@method("files.getUploadURLExternal", GetUploadURL, scopes="files:write", tier=Tier.T4)
def get_upload_url(services: Services, args: GetUploadURL) -> Json:
    id = services.uploads.announce(args.filename, args.length)
    return {"upload_url": f"{services.base_url()}/upload/{id}", "file_id": id}


@method("files.completeUploadExternal", CompleteUpload, scopes="files:write", tier=Tier.T4)
async def complete_upload(services: Services, args: CompleteUpload) -> Json:
    wanted = [one for one in args.files or [] if isinstance(one, dict) and one.get("id")]
    if not wanted:
        raise SlackError.because("invalid_arguments", "files: at least one object with an id")
    state = services.state
    channel = args.channel_id or args.channels
    conversation = postable(services, channel) if channel else None
    thread_ts = thread_root(state, conversation, args.thread_ts) if conversation else None
    bot = state.app.bot_user_id
    files = [await services.uploads.complete(str(one["id"]), one.get("title"), bot) for one in wanted]
    for described in files:
        described["url_private"] = file_url(services, described)
    if conversation:
        state.post(
            Message(
                ts=state.next_ts(),
                channel=conversation.id,
                user=bot,
                text=args.initial_comment,
                files=files,
                thread_ts=thread_ts,
                subtype="file_share",
                bot_id=state.app.bot_id,
                app_id=state.app.id,
            )
        )
    return {"files": files}


@method("files.info", FileArg, scopes="files:read", tier=Tier.T4)
async def file_info(services: Services, args: FileArg) -> Json:
    described = await services.uploads.info(args.file)
    return {"file": {**described, "url_private": file_url(services, described)}, "comments": []}


def file_url(services: Services, described: Json) -> str:
    return f"{services.base_url()}/files/{described['id']}/{quote(str(described['name']))}"
