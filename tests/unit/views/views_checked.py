"""What the tests of the views share: judging what they made, reading it as a person would, and hostile texts."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SlackBlock
from slack_sdk.models.views import View as SlackView

from bot.contracts.slack import Message
from bot.contracts.tools import THINGS, CallView, Noun
from bot.views.blocks import run
from bot.views.values import MAILS, CardValue
from bot.workspace.blocks import validate_message, validate_view

NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)
CARD_ID = "0f" * 16


def sound_message(message: Message) -> Message:
    """The message, after everybody who knows Slack's rules had a look at it."""
    blocks = json.loads(json.dumps(list(message.blocks)))
    problems = validate_message({"text": message.text, "blocks": blocks})
    assert not problems, problems
    assert message.text.strip()
    assert len(message.text) <= 4_000
    assert len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) <= 12_000
    _sound_to_sdk(blocks)
    return message


def sound_view(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """The view, judged likewise."""
    problems = validate_view(json.loads(json.dumps(view)))
    assert not problems, problems
    assert len(json.dumps(view)) < 250_000
    _sound_to_sdk(view["blocks"])
    SlackView(**json.loads(json.dumps(view))).to_dict()
    return view


def _sound_to_sdk(blocks: Sequence[Mapping[str, Any]]) -> None:
    for block in blocks:
        parsed = SlackBlock.parse(json.loads(json.dumps(block)))
        assert parsed is not None
        parsed.to_dict()
        if block["type"] == "rich_text":
            assert sum(len(text.encode("utf-16-le")) // 2 for text in texts(block)) <= 3_000


def texts(piece: Any) -> Iterator[str]:
    """Every text in the order a person reads it."""
    if isinstance(piece, Mapping):
        if isinstance(piece.get("text"), str):
            yield piece["text"]
        for key in ("text", "fields", "label", "element", "elements", "options", "description", "hint", "accessory"):
            if not isinstance(piece.get(key), str):
                yield from texts(piece.get(key))
    elif isinstance(piece, Sequence) and not isinstance(piece, str):
        for entry in piece:
            yield from texts(entry)


def read(shown: Message | Mapping[str, Any]) -> str:
    """All that is shown, one line a list point or paragraph."""
    blocks = shown.blocks if isinstance(shown, Message) else shown["blocks"]
    return "\n".join(_lines(blocks))


def _lines(blocks: Any) -> Iterator[str]:
    for block in blocks:
        if block["type"] != "rich_text":
            yield from texts(block)
            continue
        for part in block["elements"]:
            for line in part["elements"] if part["type"] == "rich_text_list" else [part]:
                yield "".join(_inline(element) for element in line["elements"])


def _inline(element: Mapping[str, Any]) -> str:
    return str(element.get("text") or element.get("fallback") or f"@{element.get('user_id')}")


def buttons(shown: Message | Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Buttons by what is written on them: action_id and value."""
    blocks = shown.blocks if isinstance(shown, Message) else shown["blocks"]
    found = [element for block in blocks for element in block.get("elements", ()) if element["type"] == "button"]
    found += [block["accessory"] for block in blocks if block.get("accessory", {}).get("type") == "button"]
    return {element["text"]["text"]: (element["action_id"], element["value"]) for element in found}


def skeleton(piece: Any) -> Any:
    """The structure without its words: types, ids, values, styles, and how many there are of each."""
    if isinstance(piece, Mapping):
        kept = {key: skeleton(value) for key, value in piece.items() if not isinstance(value, str) or key in _FIXED}
        kept.pop("description", None)  # a longer text may need its second line
        return kept
    if isinstance(piece, Sequence) and not isinstance(piece, str):
        return [skeleton(entry) for entry in piece]
    return piece


_FIXED = {"type", "block_id", "action_id", "value", "style", "user_id", "callback_id", "private_metadata"}

STANDINS = {"∗": "*", "ˍ": "_", "∼": "~", "ˋ": "`", "꞉": ":", "․": ".", "＞": ">"}


def decoded(shown: str) -> str:
    """What `plain` was given."""
    shown = shown.removesuffix(" ‹mixed letters›")
    return re.sub(r"‹U\+([0-9A-F]{4,6})›", lambda match: chr(int(match[1], 16)), shown)


def decoded_mrkdwn(shown: str) -> str:
    """What `visible` or `inert` was given."""
    shown = "".join(STANDINS.get(char, char) for char in shown)
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        shown = shown.replace(entity, char)
    return decoded(shown)


def one_line(text: str) -> str:
    """A text with its line breaks as spaces: the only change that needs no way back."""
    return re.sub("\r\n|[\r\n\t]", " ", text)


NASTY = (
    "<!channel>",
    "<@U01ADA00001>",
    "<https://evil.example|Approve>",
    "*bold*",
    "_it_",
    "~no~",
    "`code`",
    "```",
    ":tada:",
    "> quote",
    "\n> quote",
    "&lt;b&gt;",
    "&amp;",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\U000e0041",
    "\u0000",
    "\ud800",
    "paypаl",
    "[Approve 143]",
    '{"type":"button"}',
    "‹U+202E›",
    " ‹mixed letters›",
    "👩\u200d💻",
    "❤\ufe0f",
    "e\u0301\u0301\u0301\u0301\u0301",
    "https://evil.example/x",
    "a@b.example",
    "@here",
    "#general",
    "gate.approve",
    "\r\n",
    "\t",
    "陳怡婷",
    "مرحبا",
    "∗",
    "…",
    "0f:1",
    "·",
)

hostile_line = st.one_of(
    st.text(max_size=40),
    st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=20).map("".join),
)
hostile = st.one_of(hostile_line, st.sampled_from(NASTY).map(lambda nasty: (nasty * 10_000)[:10_000]))


SENDERS = Noun("sender", "senders")
DEPLOY = CallView("Deploy", "acme/api", "", (), False, environment="production")


def a_call(
    subject: str = "The Daily Robot <news@robot.example>",
    items: int | tuple[str, ...] = 3,
    *,
    verb: str = "Archive",
    group: str = "Newsletters",
    where: str = "INBOX → Archive",
    reversible: bool = True,
) -> CallView:
    lines = items if isinstance(items, tuple) else tuple(f"Issue {number}" for number in range(1, items + 1))
    return CallView(verb, subject, where, lines, reversible, group, things=MAILS, subjects=SENDERS)


def a_card(*calls: CallView, **more: Any) -> CardValue:
    given: dict[str, Any] = {
        "card_id": CARD_ID,
        "title": "Tidy up your inbox",
        "calls": calls,
        "why": "Moving mail changes your mailbox.",
        "sources": "253 mails of INBOX",
        "note": "",
        "approvers": (run("only you"),),
        "expires": NOW + timedelta(hours=24),
        "tz": "Europe/London",
    }
    return CardValue(**{**given, **more})


calls = st.builds(
    CallView,
    verb=st.sampled_from(["Archive", "Flag", "File"]),
    subject=hostile_line,
    where=st.one_of(st.just("INBOX → Archive"), hostile_line),
    items=st.lists(hostile_line, max_size=12).map(tuple),
    reversible=st.booleans(),
    group=st.sampled_from(["", "Newsletters", "Junk"]),
    environment=st.sampled_from(["", "production"]),
    things=st.sampled_from([MAILS, MAILS, THINGS]),
    subjects=st.sampled_from([SENDERS, SENDERS, None]),
)
