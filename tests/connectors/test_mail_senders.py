"""Whose a mail is, as the call says, is looked at on the mail itself: what a grant for one sender rests on."""

from typing import Any

import pytest

from bot.contracts.tools import Tool
from connectors.email.mail import MailConnector
from tests.connectors.conftest import Box

OPTIONS = {"mail.move": {"to": "\\Archive"}, "mail.flag": {"flag": "\\Flagged"}}
every_tool = pytest.mark.parametrize("name", OPTIONS)


def tool(mail: MailConnector, name: str) -> Tool:
    return next(tool for tool in mail.tools() if tool.name == name)


async def args(mail: MailConnector, box: Box, name: str, sender: str | None) -> dict[str, Any]:
    """The call for the one mail there is, saying that it is of this sender; None says nothing."""
    async with mail.open(box.person) as reader:
        (found,) = [one async for batch in reader.scan("INBOX") for one in batch]
    shown = {"uid": found.ref.uid, "validity": found.ref.validity, "message_id": found.message_id}
    mails = [shown if sender is None else {**shown, "sender": sender}]
    return {"folder": "INBOX", "mails": mails, **OPTIONS[name]}


async def touched(mail: MailConnector, box: Box, name: str, sender: str | None) -> int:
    given = await args(mail, box, name, sender)
    outcome = await tool(mail, name).perform(box.context, given)
    assert outcome.count + outcome.gone == 1
    changed = box.names() != ["0:"]
    assert changed == bool(outcome.count)
    return outcome.count


@every_tool
@pytest.mark.parametrize(
    "lie",
    [
        "ann0@news.example <robot@news.example>",
        '"Ann 0 <ann0@news.example>" <robot@news.example>',
        "Ann <xann0@news.example>",
        "Ann <ann0@news.example.evil.example>",
        "<ann0@news.example> robot@news.example",
        "robot@news.example",
        "Ann 0",
        "<>",
    ],
)
async def test_a_sender_that_lies_touches_nothing(box: Box, mail: MailConnector, name: str, lie: str) -> None:
    box.deliver(1)
    assert tool(mail, name).facets(await args(mail, box, name, lie))["sender"] != ("ann0@news.example",)
    assert await touched(mail, box, name, lie) == 0


@every_tool
@pytest.mark.parametrize("truth", ["Ann 0 <ann0@news.example>", "ann0@news.example", "Someone <ANN0@News.example>"])
async def test_a_true_sender_is_taken(box: Box, mail: MailConnector, name: str, truth: str) -> None:
    box.deliver(1)
    assert tool(mail, name).facets(await args(mail, box, name, truth))["sender"] == ("ann0@news.example",)
    assert await touched(mail, box, name, truth) == 1


@every_tool
@pytest.mark.parametrize("sender", ["robot@news.example", "Ann <ann0@news.example>", "nobody"])
async def test_a_mail_of_nobody_is_nobody_elses(box: Box, mail: MailConnector, name: str, sender: str) -> None:
    box.deliver(1, From="")
    assert await touched(mail, box, name, sender) == 0


@every_tool
@pytest.mark.parametrize("sender", [None, ""])
async def test_a_sender_not_named_is_no_senders_facet(
    box: Box, mail: MailConnector, name: str, sender: str | None
) -> None:
    box.deliver(1)
    assert tool(mail, name).facets(await args(mail, box, name, sender))["sender"] == ("",)
    assert await touched(mail, box, name, sender) == 1


async def test_a_lie_moves_nothing_after_a_look_back_either(box: Box, mail: MailConnector) -> None:
    box.deliver(1)
    move = tool(mail, "mail.move")
    seen = await move.look_back(box.context, await args(mail, box, "mail.move", "robot@news.example"))
    assert seen is not None
    assert seen.rest is not None
    outcome = await move.perform(box.context, seen.rest.args)
    assert (outcome.count, outcome.gone) == (0, 1)
    assert box.names() == ["0:"]
