"""What people mistype, and mailboxes nobody expects: a clear message each, and nothing lost."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import harness
import letters
import pytest
import pytest_asyncio
from harness import House

HUGE = 50_000 if os.environ.get("MESHCLAW_CHAOS") == "long" else 3_000
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Ada has a few mails, Ben and Chen an empty mailbox, Dana and Eve none."""
    folder = tmp_path_factory.mktemp("house")
    letters.put(folder / "mail" / "ada", [letters.newsletter(1), letters.question(2)])
    letters.put(folder / "mail" / "ada", [letters.newsletter(3)], "Ünï/&Cø")
    for handle in ("ben", "chen"):
        letters.put(folder / "mail" / handle, [])
    mail = {handle: f"maildir:{folder / 'mail' / handle}" for handle in ("ada", "ben", "chen")}
    async with harness.house(folder, people=(), mail=mail) as house:
        yield house


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--sinse 7d", "does not know “--sinse”"),
        ("everything now", "does not know “everything”"),
        ("--since", "--since needs a span or a day"),
        ("--since yesterday", "--since does not understand “yesterday”"),
        ("--since 0d", "--since does not understand “0d”"),
        ("--since -3d", "--since does not understand “-3d”"),
        ("--since ３d", "--since does not understand “３d”"),
        ("--since 99999999999d", "--since does not understand “99999999999d”"),
        ("--since 2026-13-40", "--since does not understand “2026-13-40”"),
        ("--since 2999-01-01", "lies in the future"),
        ("--folder", "--folder needs the name of a folder"),
        ('--folder "Receipts', "quotation mark is not closed"),
        ("--dry-run=yes please", "does not know “please”"),
        ("<!channel> *bold*", "does not know “<!channel>”"),
        ("x" * 3_000, "does not know"),
    ],
)
async def test_options_that_are_not_understood(house: House, options: str, says: str) -> None:
    done = await house.human.command("ada", f"/meshclaw triage {options}", "#general")
    assert done["error"] is None
    assert says in harness.words(done["response"])


@pytest.mark.parametrize("options", ["—since 7d", "–dry-run", "--SINCE 7d --Dry-Run", "--folder “INBOX”", "--since=2w"])
async def test_options_as_phones_type_them(house: House, options: str) -> None:
    human = house.human
    before = await human.last("ada")
    await human.command("ada", f"/meshclaw triage {options}")
    assert await human.message("ada", harness.is_summary, after=before)


async def test_unknown_folder_names_those_there_are(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await human.command("ada", '/meshclaw triage --folder "No <such> *folder*"')
    answer = await human.message("ada", harness.says("There is no folder"), after=before)
    assert "“No <such> *folder*”" in harness.words(answer)
    assert "INBOX" in harness.words(answer)


async def test_empty_mailbox(house: House) -> None:
    human = house.human
    await human.command("ben", "/meshclaw triage")
    answer = await human.message("ben", harness.says("There is no mail to sort in INBOX"))
    await house.idle()
    assert not any(map(harness.is_card, await human.messages("ben")))
    assert "Nothing was changed" in harness.words(answer)


async def test_nothing_in_that_time(house: House) -> None:
    human = house.human
    before = await human.last("ben")
    await human.command("ben", "/meshclaw triage --since 1h")
    assert await human.message("ben", harness.says("There is no mail to sort"), after=before)


async def test_mailbox_that_is_gone(house: House) -> None:
    human = house.human
    maildir = house.maildir("chen")
    maildir.rename(maildir.with_name("elsewhere"))
    await human.command("chen", "/meshclaw triage")
    assert await human.message("chen", harness.says("There is no Maildir that can be read"))


async def test_no_mailbox(house: House) -> None:
    await house.human.command("dana", "/meshclaw triage")
    answer = await house.human.message("dana", lambda each: harness.reads(each, "Connect mail"))
    assert "needs your mail account" in harness.words(answer)


async def test_guest_may_ask_too(house: House) -> None:
    await house.human.command("eve", "/meshclaw triage", "#general")
    assert await house.human.message("eve", lambda each: harness.reads(each, "Connect mail"))


async def test_mailbox_without_anything_to_propose(tmp_path: Path, house: House) -> None:
    human = house.human
    letters.put(tmp_path / "quiet", [letters.question(number) for number in range(3)])
    await house.connect("dana", f"maildir:{tmp_path / 'quiet'}")
    before = await human.last("dana")
    await human.command("dana", "/meshclaw triage")
    summary = await human.message("dana", harness.is_summary, after=before)
    await house.idle()
    assert "3 mails need you" in harness.words(summary)
    assert not any(harness.is_card(each) for each in await human.messages("dana") if each["ts"] > before)


@pytest.mark.chaos
async def test_huge_mailbox(tmp_path: Path, house: House) -> None:
    """The card holds the newest 2,000 that can be tidied, the summary says how many are left for later."""
    human = house.human
    lists = [f"List {number} <list{number}@lists{number}.example>" for number in range(60)]
    big = tmp_path / "big"
    letters.put(big, [letters.newsletter(number, lists[number % 60]) for number in range(HUGE - 100)])
    letters.put(big, map(letters.question, range(100)))
    await house.connect("eve", f"maildir:{big}")
    summary, card = await human.triage("eve", seconds=300)
    assert f"{HUGE:,} mails in INBOX" in harness.words(summary)
    assert f"{HUGE - 2_100:,} more wait for the next triage" in harness.words(summary)
    assert harness.label_number(card, "Approve") == 2_000
    listed, pages = 0, 0
    await human.press("eve", card, "Show all")
    view = await human.modal("eve")
    while True:
        listed, pages = listed + len(harness.listed_items(view)), pages + 1
        if not harness.reads(view, "Next page"):
            break
        await human.press("eve", view, "Next page")
        view = await human.modal("eve", harness.says(f"Page {pages + 1} of"))
    assert listed == 2_000
    await human.close("eve", view)
    await human.press("eve", card, "Approve")
    receipt = await human.becomes("eve", card, harness.is_undoable, seconds=120)
    assert "2,000 mails: all done" in harness.words(receipt)
    assert harness.mails(big).total() == HUGE - 2_000
