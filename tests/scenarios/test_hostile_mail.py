"""250 hostile or malformed mails: none crashes it, none is dropped, and no text in a mail changes what a card is."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from email.header import Header
from pathlib import Path
from typing import Any

import harness
import letters
import pytest
from harness import House, Json
from hostile_mail import COUNT, TEXTS, hostile_mails

from tests.dovecot import Dovecot

OUR_ELEMENTS = {"text", "date", "user", "rich_text_section", "rich_text_list", "rich_text"}
"""What our blocks are made of; a mail's text never becomes a link, a mention or an emoji."""
_CONTROL = re.compile(r"<(?!!date\^\d+\^[^|<>]*\|[^<>]*>)")


def everything_shown(calls: list[Json]) -> list[Json]:
    """Every message and view MeshClaw sent, as blocks."""
    found: list[Json] = []
    for call in calls:
        view = call["args"].get("view")
        blocks = view["blocks"] if isinstance(view, dict) else call["args"].get("blocks")
        if blocks:
            found.append({"blocks": blocks})
    return found


def rich_elements(part: Any) -> Iterator[Json]:
    """Every element of every rich text."""
    if isinstance(part, dict):
        if str(part.get("type", "")).startswith("rich_text"):
            for element in part.get("elements", ()):
                yield element
                yield from rich_elements(element)
        else:
            for each in part.values():
                yield from rich_elements(each)
    elif isinstance(part, list):
        for each in part:
            yield from rich_elements(each)


def mrkdwn_texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield str(part["text"])
        for each in part.values():
            yield from mrkdwn_texts(each)
    elif isinstance(part, list):
        for each in part:
            yield from mrkdwn_texts(each)


def assert_only_ours(shown: list[Json]) -> None:
    """No text from a mail has become more than text."""
    for each in shown:
        kinds = {element["type"] for element in rich_elements(each["blocks"])}
        assert kinds <= OUR_ELEMENTS, kinds
        people = {element["user_id"] for element in rich_elements(each["blocks"]) if element["type"] == "user"}
        assert people <= {"U01ADA00001"}
        for text in mrkdwn_texts(each["blocks"]):
            assert not _CONTROL.search(text), text
        actions = {action for block in each["blocks"] for action in harness.action_ids(block)}
        assert actions <= OUR_ACTIONS, actions


OUR_ACTIONS = {
    *("gate.approve", "gate.deny", "gate.undo", "gate.view.choose", "gate.view.listing", "gate.view.focus"),
    *("gate.view.edit", "gate.view.deny", "gate.view.grant", "gate.widen"),
    *("triage.correct", "triage.view.rest", "connect.view.form", "ticked"),
}


def bucket_counts(summary: Json) -> int:
    fields = next(block for block in summary["blocks"] if block.get("fields"))["fields"]
    return sum(int(re.sub(r"[*,]", "", field["text"]).split()[0]) for field in fields)


async def walk(house: House, opened: Json) -> int:
    """Every page of a modal; how many there were."""
    human, pages = house.human, 1
    while harness.reads(opened, "Next page"):
        await human.press("ada", opened, "Next page")
        pages += 1
        opened = await human.modal("ada", harness.says(f"Page {pages} of"))
    await human.close("ada", opened, every=True)
    return pages


@pytest.mark.parametrize("provider", ["maildir", "imap"])
async def test_hostile_mailbox_there_and_back(tmp_path: Path, provider: str, request: pytest.FixtureRequest) -> None:
    root, url = tmp_path / "box", f"maildir:{tmp_path / 'box'}"
    if provider == "imap":
        server: Dovecot = request.getfixturevalue("trusted")
        root, url = server.home("hostile"), f"imaps://hostile:secret@localhost:{server.tls}"
    letters.put(root, hostile_mails())
    if provider == "imap":
        server.adopt(root.parent)
    inbox = harness.mails(root)
    assert inbox.total() == COUNT
    async with harness.house(tmp_path, people=(), mail={"ada": url}) as house:
        human = house.human
        summary, card = await human.triage("ada", seconds=60)
        assert harness.words(summary).startswith(f"{COUNT} mails in INBOX")
        assert bucket_counts(summary) == COUNT
        if harness.reads(summary, "Show all"):
            await human.press("ada", summary, "Show all")
            await walk(house, await human.modal("ada"))
        await human.press("ada", card, "Show all")
        await walk(house, await human.modal("ada"))
        await human.press("ada", card, "Choose…")
        view = await human.modal("ada")
        await human.submit("ada", view)
        await house.idle()
        assert harness.mails(root) == inbox

        await human.press("ada", card, "Approve")
        receipt = await human.becomes("ada", card, harness.is_undoable, seconds=60)
        assert "all done" in harness.words(receipt).split("Approved by")[0]
        assert_nothing_lost(root, inbox)
        await human.press("ada", receipt, "Undo")
        await human.becomes("ada", card, harness.says("Taken back"), seconds=60)
        assert harness.mails(root) == inbox
        await house.idle()
        calls = await human.calls()
        assert_only_ours(everything_shown(calls))
        assert not any("Something went wrong" in harness.words(each) for each in await human.messages("ada"))


def assert_nothing_lost(root: Path, inbox: "Counter[tuple[str, str]]") -> None:
    """A mail may carry one flag more than before, and lies in exactly one folder."""
    after = sum((harness.mails(root, folder) for folder in ("INBOX", "Archive", "Junk")), Counter[tuple[str, str]]())
    contents = Counter(content for content, _ in after.elements())
    assert contents == Counter(content for content, _ in inbox.elements())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with harness.house(tmp_path, people=()) as house:
        yield house


async def test_texts_change_neither_structure_nor_decision(tmp_path: Path, house: House) -> None:
    """A mailbox with harmless texts, and one with hostile texts as long: what is asked is the same, call by call."""
    usable = [text for text in TEXTS if "\r\n" not in text and len(text) < 400 and text.isprintable()]
    asked = []
    harmless = [("Weekly news and other stories " * 20)[: len(text)].strip() for text in usable]
    for name, texts in (("harmless", harmless), ("hostile", usable)):
        letters.put(tmp_path / name, (newsletter(number, text) for number, text in enumerate(texts)))
        await house.connect("ada", f"maildir:{tmp_path / name}")
        summary, card = await house.human.triage("ada")
        plan = (await house.app.engine._parts.decisions._cards.by_plan(harness.button_value(card, "Approve"))).plan
        calls = [(call.tool, call.args["to"], call.args["verb"], call.args["group"]) for call in plan.calls]
        asked.append((calls, harness.structure(card), harness.buttons(summary), harness.buttons(card)))
    assert len(asked[0][0]) == len(usable)
    assert asked[0] == asked[1]


def newsletter(number: int, text: str) -> bytes:
    """A list mail that says this in its sender's name, its subject and its body."""
    encoded = Header(text, "utf-8", maxlinelen=10_000).encode()
    return letters.newsletter(number, f"{encoded} <n{number}@news{number}.example>", encoded)


async def test_orders_in_a_mail_are_not_followed(tmp_path: Path, house: House) -> None:
    """Whatever a mail asks for, MeshClaw asks the person before it does anything, and asks for nothing else."""
    orders = [text for text in TEXTS if "Ignore all" in text or "SYSTEM" in text or "/meshclaw" in text]
    letters.put(
        tmp_path / "orders",
        (letters.written(number, "x@evil.example", text, text) for number, text in enumerate(orders)),
    )
    inbox = harness.mails(tmp_path / "orders")
    await house.connect("ada", f"maildir:{tmp_path / 'orders'}")
    before = await house.human.last("ada")
    await house.human.command("ada", "/meshclaw triage")
    await house.human.message("ada", harness.is_summary, after=before)
    await house.idle()
    assert harness.mails(tmp_path / "orders") == inbox
    said = [each for each in await house.human.messages("ada") if each["ts"] > before and not each["ephemeral"]]
    assert len(said) <= 2, "a summary, and at most one card"
    assert json.dumps(said).count("gate.approve") <= 1
