"""The main way on a real IMAP server over TLS with 2,000 mails, on both databases; and the server gone in the middle."""

import asyncio
from pathlib import Path

import harness
import letters
import pytest

from tests.dovecot import Dovecot

MAILS = 2_000
SENDERS = 40


def fill(server: Dovecot, user: str) -> Path:
    """2,000 mails: nine tenths newsletters of 40 senders, the rest questions. Returns the Maildir."""
    root = server.home(user)
    lists = [f"List {number} <list{number}@lists{number}.example>" for number in range(SENDERS)]
    questions = MAILS // 10
    letters.put(root, [letters.newsletter(number, lists[number % SENDERS]) for number in range(MAILS - questions)])
    letters.put(root, map(letters.question, range(questions)), flags="")
    letters.put(root, [letters.answer(number) for number in range(20)], "Sent")
    server.adopt(root.parent)
    return root


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_two_thousand_mails_there_and_back(
    tmp_path: Path, trusted: Dovecot, database: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    user = f"ada-{database}"
    root = fill(trusted, user)
    inbox = harness.mails(root)
    mail = {"ada": f"imaps://{user}:secret@localhost:{trusted.tls}"}
    async with harness.house(tmp_path, database_url=url, people=(), mail=mail) as house:
        human = house.human
        summary, card = await human.triage("ada", seconds=60)
        assert "2,000 mails in INBOX" in harness.words(summary)
        assert "200 mails need you" in harness.words(summary)
        assert harness.label_number(card, "Approve") == 1_800
        assert f"1,800 mails from {SENDERS} senders" in harness.words(card)

        await human.press("ada", card, "Approve")
        receipt = await human.becomes("ada", card, harness.is_undoable, seconds=60)
        assert "1,800 mails: all done" in harness.words(receipt)
        assert harness.mails(root).total() == 200
        assert harness.mails(root, "Archive") <= inbox
        assert harness.mails(root, "Archive").total() == 1_800

        await human.press("ada", receipt, "Undo")
        await human.becomes("ada", card, harness.says("Taken back. 1,800 mails"), seconds=60)
        assert harness.mails(root) == inbox
        assert harness.mails(root, "Archive").total() == 0
        await house.idle()
        assert harness.refusals(await human.calls()) == []


async def test_progress_is_shown_and_gives_way_to_the_answer(tmp_path: Path, trusted: Dovecot) -> None:
    fill(trusted, "bo")
    mail = {"ada": f"imaps://bo:secret@localhost:{trusted.tls}"}
    async with harness.house(tmp_path, people=(), mail=mail) as house:
        human = house.human
        await human.command("ada", "/meshclaw triage")
        seen = await human.message("ada", harness.says("mail", " — "))
        summary = await human.message("ada", harness.is_summary, seconds=60)
        assert seen["ts"] == summary["ts"]


async def test_server_goes_away_while_reading_and_nothing_is_lost(tmp_path: Path, trusted: Dovecot) -> None:
    root = fill(trusted, "gone")
    inbox = harness.mails(root)
    mail = {"ada": f"imaps://gone:secret@localhost:{trusted.tls}"}
    async with harness.house(tmp_path, people=(), mail=mail) as house:
        human = house.human
        await human.command("ada", "/meshclaw triage")
        await human.message("ada", harness.says("Getting to know your mail"))
        trusted.kill_sessions()
        answer = await human.message("ada", lambda each: "Getting" not in harness.words(each) and not each["ephemeral"])
        if not harness.is_summary(answer) and not harness.is_card(answer):  # the sessions were cut in time
            assert "mail server" in harness.words(answer).lower()
        await house.idle(60)
        summary, _ = await human.triage("ada", seconds=60)
        assert "2,000 mails in INBOX" in harness.words(summary)
        assert harness.mails(root) == inbox


async def test_server_goes_away_while_moving_and_what_happened_is_said(tmp_path: Path, trusted: Dovecot) -> None:
    root = fill(trusted, "cut")
    whole = harness.mails(root)
    mail = {"ada": f"imaps://cut:secret@localhost:{trusted.tls}"}
    async with harness.house(tmp_path, people=(), mail=mail) as house:
        human = house.human
        _, card = await human.triage("ada", seconds=60)
        await human.press("ada", card, "Approve")
        while not harness.mails(root, "Archive"):
            await asyncio.sleep(0)
        trusted.kill_sessions()
        receipt = await human.becomes("ada", card, lambda each: "What was done" in harness.words(each), seconds=120)
        await house.idle(60)
        assert harness.mails(root) + harness.mails(root, "Archive") == whole, "no mail is lost, none is there twice"
        text = harness.words(receipt)
        moved = harness.mails(root, "Archive").total()
        assert ("1,800 mails: all done" in text) is (moved == 1_800)
