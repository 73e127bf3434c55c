"""A thousand hostile strings in every field: Slack takes card and pages, and they tell exactly what would run."""

import json
import random
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from views_checked import NASTY, a_card, buttons, decoded, one_line

from bot.contracts.secrets import redacted
from bot.contracts.slack import Message
from bot.contracts.tools import CallView, Noun, Outcome
from bot.views.blocks import WHOLE, cost, run
from bot.views.card import card
from bot.views.listing import listing
from bot.views.receipt import receipt
from bot.views.text import MIXED
from bot.views.values import CallResult, ListingValue, ReceiptValue
from bot.workspace.blocks import validate_message, validate_view

MANY = 1_000
_RUNS = (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0x0300, 0x036F),
    (0x0400, 0x0460),
    (0x0590, 0x05F4),
    (0x0600, 0x0660),
    (0x200B, 0x2010),
    (0x2028, 0x2030),
    (0x2060, 0x2070),
    (0xD800, 0xD810),
    (0xDC00, 0xDC10),
    (0xE000, 0xE010),
    (0xFE00, 0xFE10),
    (0xFFF0, 0xFFFF),
    (0x1F600, 0x1F650),
    (0xE0000, 0xE0080),
    (0xE0100, 0xE01F0),
)
_LIKE = (
    "Approve 143",
    "[{'type':'section'}]",
    '{"type":"actions","elements":[{"type":"button","action_id":"gate.approve","value":"x"}]}',
    "<http://x|y>",
    "<!subteam^S01|@all>",
    "<!date^0^{date}|now>",
    "\ud83d",
    "\ude00",
    "\u202eexe.fdp\u202c",
    "‹secret: 12 characters›",
    "\n\n\n",
    "Undo: all of it can be taken back afterwards.",
)


def hostile_strings(many: int) -> Iterator[str]:
    """Always the same ones; every 25th is longer than any block may be."""
    dice = random.Random(20261121)
    made = 0
    while made < many:
        parts: list[str] = []
        for _ in range(dice.randint(1, 12)):
            low, high = dice.choice(_RUNS)
            letters = "".join(chr(dice.randrange(low, high)) for _ in range(dice.randint(1, 6)))
            parts.append(dice.choice([letters, dice.choice(NASTY), dice.choice(_LIKE), "plain words "]))
        text = "".join(parts)
        if made % 25 == 0:
            text = (text * (3_200 // len(text) + 1))[: dice.randint(3_001, 3_200)]
        if text.strip() and redacted(text) == text and "\r\n" not in text:
            made += 1
            yield text


def shown_whole(piece: str) -> str:
    """The characters a page stands for."""
    return decoded(piece.replace(MIXED, ""))


def told(view: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Every text of a page in order: headings and details, and items under their numbers."""
    for block in view["blocks"]:
        for part in block.get("elements", ()) if block["type"] == "rich_text" else ():
            if part["type"] == "rich_text_list":
                for position, line in enumerate(part["elements"], part.get("offset", 0)):
                    yield "item", position, line["elements"][0]["text"]
            else:
                yield "text", 0, "".join(element["text"] for element in part["elements"])


def judged(message: Message) -> None:
    problems = validate_message({"text": message.text, "blocks": list(message.blocks)})
    assert not problems, problems
    assert len(message.text) <= 4_000
    assert cost(list(message.blocks)) <= WHOLE
    assert not list(presses(message.blocks))
    assert not unseen([message.text, message.blocks])


def unseen(piece: Any) -> list[str]:
    """Characters a client would hide or obey: controls, directions, tags, halves of a character."""
    whole = set(json.dumps(piece, ensure_ascii=False)) - {"\u200c", "\u200d"}
    return [
        char
        for char in whole
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(char) >> 12 == 0xE0
    ]


def presses(piece: Any) -> Iterator[Any]:
    """Whatever leads outside or calls somebody, which no text may make."""
    if isinstance(piece, Mapping):
        if piece.get("type") in ("link", "user", "usergroup", "broadcast", "channel", "emoji") or "url" in piece:
            yield piece
        yield from presses(list(piece.values()))
    elif isinstance(piece, list | tuple):
        for entry in piece:
            yield from presses(entry)


def in_every_field(text: str) -> CallView:
    return CallView(
        f"V{text}", text, text, (text, f"1{text}", text), False, text, text, things=Noun("mail", "mails"), subjects=None
    )


@pytest.mark.parametrize("start", range(0, MANY, 250))
def test_a_thousand_hostile_strings(start: int) -> None:
    for text in list(hostile_strings(start + 250))[start:]:
        call = in_every_field(text)
        value = a_card(
            call,
            title=text,
            why=text,
            sources=text,
            note=text,
            approvers=(run(text, limit=300),),
            environment=text,
            ceiling=text,
            links=(text,),
            asker=text,
            approved_by=(text,),
        )
        judged(card(value))
        assert every_page(call) == expected(call)


def every_page(call: CallView) -> tuple[str, dict[int, str]]:
    """What the pages of the listing tell: the words in front of the items, and the items by number."""
    words, items, page, more = "", dict[int, str](), 0, True
    while more:
        view = listing(ListingValue("0f", "T", (call,), page))
        problems = validate_view(view)
        assert not problems, problems
        assert not list(presses(view["blocks"]))
        assert not unseen(view)
        page, more = page + 1, "Next page" in buttons(view)
        for kind, position, shown in told(view):
            if kind == "item":
                items[position] = items.get(position, "") + shown
            elif not shown.startswith("Page ") and shown not in ("T", "3 mails, all of them listed here."):
                words += shown
    return shown_whole(words).replace("\n", ""), {position: shown_whole(item) for position, item in items.items()}


def expected(call: CallView) -> tuple[str, dict[int, str]]:
    place = "" if call.environment.lower() in call.where.lower() else f" · {call.environment}"
    words = f"{call.verb} · {call.group}: {call.subject}3 mails · {call.where}{place} · cannot be taken back"
    return one_line(words), {position: one_line(item) for position, item in enumerate(call.items)}


def test_receipts_of_hostile_strings() -> None:
    for text in hostile_strings(60):
        result = CallResult(in_every_field(text), Outcome("unknown", count=1, note=text))
        for state in ("settled", "paused", "denied"):
            judged(receipt(ReceiptValue("0f", text, state, (result,), text, None, text, reason=text, notes=(text,))))  # type: ignore[arg-type]


def test_the_strings_are_hostile_indeed() -> None:
    strings = list(hostile_strings(MANY))
    assert len(set(strings)) > 0.95 * MANY
    assert sum(len(text) > 3_000 for text in strings) == MANY // 25
    for sign in (
        "\u202e",
        "\u200b",
        "\ud800",
        "<!channel>",
        "<http://x|y>",
        "&lt;",
        ":tada:",
        "\u0000",
        "gate.approve",
    ):
        assert sum(sign in text for text in strings) > 10
    assert sum(any(0xE0000 <= ord(char) < 0xE0080 for char in text) for text in strings) > 50


def test_a_secret_does_not_stand_on_a_card() -> None:
    token = "xoxb-" + "1234567890-abcdefghij"
    call = in_every_field(f"use {token} for it")
    message = card(a_card(call, title=token, why=token, sources=token, note=token))
    view = listing(ListingValue("0f", token, (call,)))
    assert token not in str(message)
    assert token not in str(view)
    assert "‹secret: 26 characters›" in str(message)
