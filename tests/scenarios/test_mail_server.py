"""The main way on a real IMAP server over TLS with 500 mails (in the long form 2,000), on both databases;
and the server gone midway."""

import asyncio
import os
import sys
from pathlib import Path

import harness
import letters
import pytest

from bot.agents.triage.agent import TriageAgent
from tests.dovecot import Dovecot

MAILS = 2_000 if os.environ.get("MESHCLAW_CHAOS") == "long" else 500
NEED_ONE = MAILS // 10
FEW = 600
SENDERS = 40


def fill(server: Dovecot, user: str, mails: int = MAILS) -> Path:
    """A mailbox: nine tenths newsletters of 40 senders, the rest questions. Returns the Maildir."""
    root = server.home(user)
    lists = [f"List {number} <list{number}@lists{number}.example>" for number in range(SENDERS)]
    questions = mails // 10
    letters.put(root, [letters.newsletter(number, lists[number % SENDERS]) for number in range(mails - questions)])
    letters.put(root, map(letters.question, range(questions)), flags="")
    letters.put(root, [letters.answer(number) for number in range(20)], "Sent")
    server.adopt(root.parent)
    return root


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is told of every batch, however quick."""
    monkeypatch.setattr(sys.modules[TriageAgent.__module__], "_TOLD_AFTER", 0.0)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_many_mails_there_and_back(
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
        assert f"{MAILS:,} mails in INBOX" in harness.words(summary)
        assert f"{NEED_ONE} mails need you" in harness.words(summary)
        assert harness.label_number(card, "Approve") == MAILS - NEED_ONE
        assert f"{MAILS - NEED_ONE:,} mails from {SENDERS} senders" in harness.words(card)

        await human.press("ada", card, "Approve")
        receipt = await human.becomes("ada", card, harness.is_undoable, seconds=60)
        assert f"{MAILS - NEED_ONE:,} mails: all done" in harness.words(receipt)
        assert harness.mails(root).total() == NEED_ONE
        assert harness.mails(root, "Archive") <= inbox
        assert harness.mails(root, "Archive").total() == MAILS - NEED_ONE

        await human.press("ada", receipt, "Undo")
        await human.becomes("ada", card, harness.says(f"Taken back. {MAILS - NEED_ONE:,} mails"), seconds=60)
        assert harness.mails(root) == inbox
        assert harness.mails(root, "Archive").total() == 0
        await house.idle()


@pytest.mark.usefixtures("talkative")
async def test_progress_is_shown_and_gives_way_to_the_answer(tmp_path: Path, trusted: Dovecot) -> None:
    fill(trusted, "bo", FEW)
    mail = {"ada": f"imaps://bo:secret@localhost:{trusted.tls}"}
    async with harness.house(tmp_path, people=(), mail=mail) as house:
        human = house.human
        await human.command("ada", "/meshclaw triage")
        seen = await human.message("ada", harness.says(" mails", "█"))
        summary = await human.message("ada", harness.is_summary, seconds=60)
        assert seen["ts"] == summary["ts"]


@pytest.mark.usefixtures("talkative")
async def test_server_goes_away_while_reading_and_nothing_is_lost(tmp_path: Path, trusted: Dovecot) -> None:
    root = fill(trusted, "gone", FEW)
    inbox = harness.mails(root)
    mail = {"ada": f"imaps://gone:secret@localhost:{trusted.tls}"}
    async with harness.house(tmp_path, people=(), mail=mail) as house:
        human = house.human
        await human.command("ada", "/meshclaw triage")
        await human.message("ada", harness.says("Getting to know your mail"))
        trusted.kill_sessions()
        answer = await human.message("ada", lambda each: "Getting" not in harness.words(each) and not each["ephemeral"])
        if not harness.is_summary(answer) and not harness.is_card(answer):  # the sessions were cut in time
            assert "closed the connection" in harness.words(answer)
        await house.idle(60)
        summary, _ = await human.triage("ada", seconds=60)
        assert "600 mails in INBOX" in harness.words(summary)
        assert harness.mails(root) == inbox


async def test_server_goes_away_while_moving_and_what_happened_is_said(tmp_path: Path, trusted: Dovecot) -> None:
    root = fill(trusted, "cut", FEW)
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
        # A server killed within its own MOVE may leave a mail in both folders; lost must be none.
        assert set(harness.mails(root) + harness.mails(root, "Archive")) == set(whole)
        stayed = harness.mails(root).total() - FEW // 10
        assert ("540 mails: all done" in harness.words(receipt)) is (stayed == 0)
