"""What a person types, turned into what Slack's client sends: escaped, with mentions and links as tokens.

Source: docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zlib import crc32

from bot.workspace.model import Json

_TOKEN = re.compile(
    r"(?P<raw>&lt;(?:[@#](?P<id>[A-Z0-9]+)|!subteam\^(?P<group>[A-Z0-9]+)|!(?P<all>here|channel|everyone))(?:\|[^&]*)?&gt;)"
    r"|(?P<url>https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"])"
    r"|(?<![\w@#])@(?P<user>[A-Za-z0-9][A-Za-z0-9._-]*)"
    r"|(?<![\w@#&])#(?P<channel>[a-z0-9][a-z0-9_-]*)"
)
_BROADCASTS = ("here", "channel", "everyone")
NONE: Mapping[str, str] = {}


def escape(text: str) -> str:
    """Slack's three control characters, escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def to_wire(text: str, users: Mapping[str, str], channels: Mapping[str, str], groups: Mapping[str, str] = NONE) -> str:
    """Typed text as it goes over the wire. `users`, `channels`, `groups` map names to ids; unknown names stay text.

    Tokens already written out (`<@U…>`, `<#C…|name>`, `<!subteam^S…>`, `<!here>`) are kept when their id
    exists, and escaped otherwise.
    """
    names = {id: name for name, id in channels.items()}
    known = set(users.values())

    def token(found: re.Match[str]) -> str:
        whole = found.group()
        if found["raw"]:
            if found["all"]:
                return f"<!{found['all']}>"
            if found["group"]:
                return f"<!subteam^{found['group']}>" if found["group"] in groups.values() else whole
            if found["id"] in known:
                return f"<@{found['id']}>"
            return f"<#{found['id']}|{names[found['id']]}>" if found["id"] in names else whole
        if found["url"]:
            return f"<{whole}>"
        if name := found["channel"]:
            return f"<#{channels[name]}|{name}>" if name in channels else whole
        return _mention(found["user"], users, groups) or whole

    return _TOKEN.sub(token, escape(text))


def rich_text(wire: str) -> Json:
    """What Slack's composer sends beside the text of a message: the same as one rich_text block."""
    elements: list[Json] = []
    for part in re.split(r"(<[^<>]+>)", wire):
        if part.startswith("<"):
            elements.append(_element(part[1:-1]))
        elif part:
            elements.append({"type": "text", "text": unescape(part)})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": f"{crc32(wire.encode()) & 0xFFFFF:05x}", "elements": [section]}


def _element(token: str) -> Json:
    name, _, _ = token.partition("|")
    match name[:1]:
        case "@":
            return {"type": "user", "user_id": name[1:]}
        case "#":
            return {"type": "channel", "channel_id": name[1:]}
        case "!" if name.startswith("!subteam^"):
            return {"type": "usergroup", "usergroup_id": name.removeprefix("!subteam^")}
        case "!":
            return {"type": "broadcast", "range": name[1:]}
    return {"type": "link", "url": unescape(name)}


def _mention(name: str, users: Mapping[str, str], groups: Mapping[str, str]) -> str | None:
    stem = name.rstrip("._-")  # "@ada." ends a sentence
    tail = name[len(stem) :]
    if stem in _BROADCASTS:
        return f"<!{stem}>{tail}"
    if stem.lower() in users:
        return f"<@{users[stem.lower()]}>{tail}"
    return f"<!subteam^{groups[stem.lower()]}>{tail}" if stem.lower() in groups else None
