"""The main way: a command, what came of it, Approve, the mails moved, Undo, the mails back."""

from collections.abc import AsyncIterator

import harness
import pytest
import pytest_asyncio
from harness import House

from bot.demo import sample_mail

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with harness.house(tmp_path_factory.mktemp("house"), people=sample_mail.people()) as house:
        yield house


async def test_command_to_approval_to_undo(house: House) -> None:
    human, maildir = house.human, house.maildir("ada")
    inbox, archive, junk = (harness.mails(maildir, folder) for folder in ("INBOX", "Archive", "Junk"))

    done = await human.command("ada", "/meshclaw triage", "#general")
    assert (done["acked"], done["error"]) == (True, None)
    assert done["ack_ms"] < 1_000
    assert "direct messages" in done["response"]["text"]
    card = await human.message("ada", harness.is_card)
    summary = await human.message("ada", harness.is_summary)
    assert f"{inbox.total()} mails in INBOX" in harness.words(summary)
    assert harness.mails(maildir) == inbox, "nothing moves before the click"

    await human.press("ada", card, "Approve")
    receipt = await human.becomes("ada", card, harness.is_undoable)
    moved = inbox - harness.mails(maildir)
    filed = harness.mails(maildir, "Archive") - archive + (harness.mails(maildir, "Junk") - junk)
    flagged = (harness.mails(maildir) - inbox).total()
    assert filed.total() > 50
    assert filed.total() + flagged == harness.label_number(card, "Approve")
    assert filed <= inbox, "moved mails keep their content and flags"
    assert moved.total() == filed.total() + flagged
    assert all(word in harness.words(receipt) for word in ("Done.", "all done", "Archive", "Junk"))

    await human.press("ada", receipt, "Undo")
    undone = await human.becomes("ada", card, harness.says("Taken back."))
    assert not harness.reads(undone, "Undo")
    assert harness.mails(maildir) == inbox
    assert harness.mails(maildir, "Archive") == archive
    assert harness.mails(maildir, "Junk") == junk


async def test_pointer_is_seen_where_it_was_typed_by_that_person_alone(house: House) -> None:
    human = house.human
    await human.command("chen", "/meshclaw triage --dry-run", "#deploys")
    await human.message("chen", harness.is_summary)
    shown = [each for each in await human.messages("chen", "#deploys") if "direct messages" in each["text"]]
    assert [each["ephemeral"] for each in shown] == [True]
    assert [each for each in await human.messages("ada", "#deploys") if "direct messages" in each["text"]] == []
    assert [each for each in await human.messages("ada") if "陳" in each["text"]] == []


async def test_dry_run_proposes_nothing(house: House) -> None:
    human = house.human
    before = await human.last("chen")
    await human.command("chen", "/meshclaw triage --dry-run")
    summary = await human.message("chen", harness.is_summary, after=before)
    await house.idle()
    assert "This was a dry run" in harness.words(summary)
    later = [each for each in await human.messages("chen") if each["ts"] > before]
    assert not any(map(harness.is_card, later))


async def test_since_counts_fewer_mails(house: House) -> None:
    human = house.human
    summary, _ = await human.triage("ada", "--since 2d")
    whole = harness.mails(house.maildir("ada")).total()
    lead = harness.words(summary).splitlines()[0]
    assert 0 < int(lead.split()[0]) < whole
    assert ", since " in lead


async def test_folder_is_found_whatever_its_case(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await human.command("ada", "/meshclaw triage --folder receipts --dry-run")
    summary = await human.message("ada", harness.is_summary, after=before)
    amount = harness.mails(house.maildir("ada"), "Receipts").total()
    assert harness.words(summary).startswith(f"{amount} mail")
    assert " in Receipts" in harness.words(summary)


@pytest.mark.parametrize("typed", ["/meshclaw", "/meshclaw help", "/meshclaw HELP"])
async def test_help_names_every_command(house: House, typed: str) -> None:
    response = (await house.human.command("ben", typed))["response"]
    text = harness.words(response)
    assert all(word in text for word in ("/meshclaw triage", "/meshclaw connect", "/meshclaw help"))


@pytest.mark.parametrize("typed", ["/meshclaw triage help", "/meshclaw triage --help", "/meshclaw help triage"])
async def test_help_on_triage_names_its_options(house: House, typed: str) -> None:
    text = harness.words((await house.human.command("ben", typed))["response"])
    assert all(word in text for word in ("--since 7d", "--folder", "--dry-run"))


@pytest.mark.parametrize(("typed", "meant"), [("traige", "triage"), ("conect mail", "connect"), ("hlep", "help")])
async def test_unknown_word_gets_the_nearest_command(house: House, typed: str, meant: str) -> None:
    text = harness.words((await house.human.command("ben", f"/meshclaw {typed}"))["response"])
    assert f"Did you mean /meshclaw {meant}?" in text


async def test_a_word_like_no_other_gets_the_list(house: House) -> None:
    text = harness.words((await house.human.command("ben", "/meshclaw *xyzzy* <!channel>"))["response"])
    assert "There is no command *xyzzy*" in text
    assert "Did you mean" not in text
    assert "/meshclaw triage" in text


async def test_direct_message_works_like_the_command(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await human.say("ada", "triage --since 3d")
    card = await human.message("ada", harness.is_card, after=before)
    summary = await human.message("ada", harness.is_summary, after=before)
    assert summary["ts"] < card["ts"]


@pytest.mark.parametrize(
    ("written", "answered"),
    [
        ("help", "What MeshClaw does for you"),
        ("/meshclaw help", "What MeshClaw does for you"),
        ("What is it that you can do?", "What I found"),
        ("triage --sinse 7d", "Triage does not know"),
        ("traige", "Did you mean /meshclaw triage"),
        ("connect mail", "needs your mail account"),
        ("triage rule from a@shop.example to fyi", "from a@shop.example → fyi"),
    ],
)
async def test_any_other_direct_message_is_answered(house: House, written: str, answered: str) -> None:
    human = house.human
    said = await human.say("ben", written)
    answer = await human.message("ben", lambda each: each["user"] != "U01BEN00002", after=said["ts"])
    assert answered in harness.words(answer)


async def test_a_mention_that_is_a_command_runs_it(house: House) -> None:
    human = house.human
    before = await human.last("ada")
    await human.say("ada", "<@U01MESHCLAW> triage --since 2d", "#deploys")
    pointer = await human.message("ada", harness.says("direct messages"), "#deploys")
    assert pointer["ephemeral"]
    await human.message("ada", harness.is_summary, after=before)


async def test_mention_is_answered_to_that_person_alone(house: House) -> None:
    human = house.human
    await human.say("dana", "<@U01MESHCLAW> help", "#deploys")
    answer = await human.message("dana", harness.says("/meshclaw triage"), "#deploys")
    assert answer["ephemeral"]
    await house.idle()
    assert not any("/meshclaw triage" in harness.words(each) for each in await human.messages("ada", "#deploys"))


async def test_home_shows_commands_accounts_and_what_waits(house: House) -> None:
    human = house.human
    await human.triage("ada", "--since 5d")

    async def drawn() -> harness.Json | None:
        return await human.home("ada")

    view = await human.until(drawn)
    text = harness.words(view)
    assert "Tidy your mail" in text
    assert "Maildir" in text
    assert "/meshclaw triage" in text


async def test_summary_shows_at_most_ten_mails_and_all_of_them_in_pages(house: House) -> None:
    human = house.human
    summary, _ = await human.triage("ada")
    rows = [block for block in summary["blocks"] if "triage.correct" in harness.action_ids(block)]
    assert 5 <= len(rows) <= 10
    needing = harness.label_number(summary, "Show all")
    assert f"{needing} mails need you" in harness.words(summary)
    await human.press("ada", summary, "Show all")
    view = await human.modal("ada")
    seen: list[str] = []
    for page in range(-(-needing // 20)):
        seen += [block["block_id"] for block in view["blocks"] if "triage.correct" in harness.action_ids(block)]
        if harness.reads(view, "Next page"):
            await human.press("ada", view, "Next page")
            view = await human.modal("ada", harness.says(f"Page {page + 2} of"))
    assert len(seen) == len(set(seen)) == needing
    await human.close("ada", view)


async def test_listing_shows_every_mail_of_the_card(house: House) -> None:
    human = house.human
    _, card = await human.triage("ada")
    await human.press("ada", card, "Show all")
    view = await human.modal("ada", harness.says("all of them listed here"))
    listed = harness.listed_items(view)
    while harness.reads(view, "Next page"):
        before = harness.words(view)
        await human.press("ada", view, "Next page")
        view = await human.modal("ada", lambda each, before=before: harness.words(each) != before)
        listed += harness.listed_items(view)
    assert len(listed) == harness.label_number(card, "Approve")
    await human.close("ada", view)


async def test_not_now_moves_nothing(house: House) -> None:
    human, maildir = house.human, house.maildir("chen")
    before = harness.mails(maildir)
    _, card = await human.triage("chen")
    await human.press("chen", card, "Not now")
    receipt = await human.becomes("chen", card, harness.says("Declined"))
    await house.idle()
    assert not harness.reads(receipt, "Undo")
    assert harness.mails(maildir) == before
