"""Moving and flagging through the tools, the same over Maildir and over IMAP; looked at on disk."""

import os
from typing import Any

import pytest

from bot.contracts.errors import PersonMends
from bot.contracts.tools import Call, Outcome, Tool
from connectors.email.mail import MailConnector
from tests.connectors.conftest import Box


def tool(mail: MailConnector, name: str) -> Tool:
    return next(tool for tool in mail.tools() if tool.name == name)


async def seen(mail: MailConnector, box: Box, folder: str = "INBOX") -> dict[str, dict[str, Any]]:
    """The tool's words for every mail of a folder, by the number in its subject."""
    found = {}
    async with mail.open(box.person) as reader:
        async for batch in reader.scan(folder):
            for one in batch:
                found[one.subject.removeprefix("Letter ")] = {
                    "uid": one.ref.uid,
                    "validity": one.ref.validity,
                    "message_id": one.message_id,
                    "sender": str(one.sender),
                    "subject": one.subject,
                    "date": one.received.date().isoformat(),
                }
    return found


async def move(mail: MailConnector, box: Box, numbers: list[int], to: str = "\\Archive", folder: str = "INBOX") -> Call:
    known = await seen(mail, box, folder)
    mails = [known[str(number)] for number in numbers]
    return Call("mail.move", {"folder": folder, "to": to, "mails": mails, "verb": "Archive", "group": "News"})


async def done(mail: MailConnector, box: Box, call: Call | None) -> Outcome:
    assert call is not None
    tool(mail, call.tool).check(call.args)
    return await tool(mail, call.tool).perform(box.context, call.args)


async def test_moved_and_taken_back_with_all_flags(box: Box, mail: MailConnector) -> None:
    box.deliver(3)
    box.deliver(1, flags="FS")
    box.deliver(1, "Archive")
    outcome = await done(mail, box, await move(mail, box, [1, 3]))
    assert (outcome.state, outcome.count, outcome.gone, outcome.unknown, outcome.note) == ("done", 2, 0, 0, "")
    assert box.names() == ["0:", "2:"]
    assert box.names("Archive") == ["1:", "3:FS", "4:"]
    back = await done(mail, box, outcome.inverse)
    assert (back.state, back.count, back.note) == ("done", 2, "")
    assert box.names() == ["0:", "1:", "2:", "3:FS"]
    assert box.names("Archive") == ["4:"]
    again = await done(mail, box, back.inverse)
    assert again.count == 2
    assert box.names() == ["0:", "2:"]


async def test_a_new_mail_is_moved_too(box: Box, mail: MailConnector) -> None:
    box.deliver(1)
    file = box.file(0)
    os.rename(file, file.parent.parent / "new" / file.name.partition(":")[0])
    outcome = await done(mail, box, await move(mail, box, [0]))
    assert (outcome.count, box.names(), box.names("Archive")) == (1, [], ["0:"])


async def test_the_archive_is_made_when_there_is_none(box: Box, mail: MailConnector) -> None:
    box.deliver(1)
    outcome = await done(mail, box, await move(mail, box, [0], to="\\Junk"))
    assert outcome.count == 1
    assert box.names("Junk") == ["0:"]
    async with mail.open(box.person) as reader:
        assert "Junk" in {folder.name for folder in await reader.folders()}


async def test_an_archive_of_another_name_is_taken(box: Box, mail: MailConnector) -> None:
    box.make("Spamverdacht")
    box.deliver(1)
    await done(mail, box, await move(mail, box, [0], to="\\Junk"))
    assert box.names("Spamverdacht") == ["0:"]


async def test_a_folder_by_name_is_never_made(box: Box, mail: MailConnector) -> None:
    box.deliver(1)
    with pytest.raises(PersonMends, match="no folder"):
        await done(mail, box, await move(mail, box, [0], to="Receipts/2026"))
    box.make("Receipts/2026")
    outcome = await done(mail, box, await move(mail, box, [0], to="Receipts/2026"))
    assert (outcome.count, box.names("Receipts/2026")) == (1, ["0:"])


async def test_what_was_moved_by_hand_meanwhile_is_said(box: Box, mail: MailConnector) -> None:
    box.deliver(5)
    call = await move(mail, box, [0, 1, 2, 3])
    box.by_hand(1, "Elsewhere")
    box.by_hand(2, "Archive")
    box.file(3).unlink()
    outcome = await done(mail, box, call)
    assert (outcome.state, outcome.count, outcome.gone) == ("done", 1, 3)
    assert outcome.note == ""
    assert box.names() == ["4:"]
    assert len(outcome.inverse.args["mails"]) == 1 if outcome.inverse else False


async def test_when_all_are_gone_there_is_nothing_to_take_back(box: Box, mail: MailConnector) -> None:
    box.deliver(2)
    call = await move(mail, box, [0, 1])
    box.by_hand(0, "Elsewhere")
    box.by_hand(1, "Elsewhere")
    outcome = await done(mail, box, call)
    assert (outcome.state, outcome.count, outcome.gone, outcome.inverse) == ("done", 0, 2, None)
    assert outcome.note == ""


async def test_flags_set_by_hand_meanwhile_are_kept(box: Box, mail: MailConnector) -> None:
    box.deliver(1)
    call = await move(mail, box, [0])
    file = box.file(0)
    os.rename(file, file.with_name(file.name + "FS"))
    assert (await done(mail, box, call)).count == 1
    assert box.names("Archive") == ["0:FS"]


@pytest.mark.parametrize(
    "lie", [{"sender": "Boss <boss@x.example>"}, {"subject": "Other"}, {"message_id": "<other@x>"}]
)
async def test_a_mail_that_is_not_the_one_shown_is_left_alone(
    box: Box, mail: MailConnector, lie: dict[str, str]
) -> None:
    box.deliver(2)
    call = await move(mail, box, [0, 1])
    mails: Any = call.args["mails"]
    mails[0].update(lie)
    outcome = await done(mail, box, call)
    assert (outcome.count, outcome.gone) == (1, 1)
    assert outcome.note == "In the place of 1 there is another mail now, which was left alone."
    assert box.names() == ["0:"]


async def test_a_subject_cut_short_is_still_the_same_mail(box: Box, mail: MailConnector) -> None:
    box.deliver(1, Subject="A long story about nearly nothing")
    (known,) = (await seen(mail, box)).values()
    call = Call("mail.move", {"folder": "INBOX", "to": "\\Archive", "mails": [{**known, "subject": "A long story…"}]})
    assert (await done(mail, box, call)).count == 1


async def test_a_move_to_where_they_are_does_nothing(box: Box, mail: MailConnector) -> None:
    box.deliver(1)
    outcome = await done(mail, box, await move(mail, box, [0], to="\\Inbox"))
    assert (outcome.state, outcome.count, outcome.note) == ("done", 0, "They are in INBOX already.")


async def test_two_thousand_at_once_and_back(box: Box, mail: MailConnector) -> None:
    box.deliver(2_000)
    outcome = await done(mail, box, await move(mail, box, list(range(2_000))))
    assert (outcome.count, len(box.names()), len(box.names("Archive"))) == (2_000, 0, 2_000)
    back = await done(mail, box, outcome.inverse)
    assert (back.count, len(box.names()), len(box.names("Archive"))) == (2_000, 2_000, 0)


async def test_more_than_two_thousand_are_refused(box: Box, mail: MailConnector) -> None:
    mails = [{"uid": str(number)} for number in range(1, 2_002)]
    with pytest.raises(PersonMends, match="2000"):
        tool(mail, "mail.move").check({"folder": "INBOX", "to": "Archive", "mails": mails})


async def test_look_back_before_anything_happened(box: Box, mail: MailConnector) -> None:
    box.deliver(3)
    call = await move(mail, box, [0, 1])
    unfinished = await tool(mail, "mail.move").look_back(box.context, call.args)
    assert unfinished
    assert (unfinished.settled.count, unfinished.settled.unknown) == (0, 0)
    assert unfinished.rest == call


async def test_look_back_after_all_of_it(box: Box, mail: MailConnector) -> None:
    box.deliver(3)
    call = await move(mail, box, [0, 1])
    outcome = await done(mail, box, call)
    unfinished = await tool(mail, "mail.move").look_back(box.context, call.args)
    assert unfinished
    assert unfinished.rest is None
    assert unfinished.settled.count == 2
    assert unfinished.settled.inverse == outcome.inverse
    await done(mail, box, unfinished.settled.inverse)
    assert box.names() == ["0:", "1:", "2:"]


async def test_look_back_after_half_of_it(box: Box, mail: MailConnector) -> None:
    box.deliver(4)
    call = await move(mail, box, [0, 1, 2])
    mails: Any = call.args["mails"]
    await done(mail, box, Call(call.tool, {**call.args, "mails": mails[1:2]}))
    box.by_hand(2, "Elsewhere")
    unfinished = await tool(mail, "mail.move").look_back(box.context, call.args)
    assert unfinished
    assert (unfinished.settled.count, unfinished.settled.unknown, unfinished.settled.state) == (1, 1, "unknown")
    assert unfinished.rest
    rest = await done(mail, box, unfinished.rest)
    assert rest.count == 1
    assert box.names("Archive") == ["0:", "1:"]


async def test_look_back_when_the_target_was_never_made(box: Box, mail: MailConnector) -> None:
    box.deliver(1)
    call = await move(mail, box, [0], to="\\Junk")
    unfinished = await tool(mail, "mail.move").look_back(box.context, call.args)
    assert unfinished
    assert unfinished.rest == call
    assert not box.directory("Junk").exists()


async def test_flagged_and_taken_back_where_it_changed(box: Box, mail: MailConnector) -> None:
    box.deliver(2)
    box.deliver(1, flags="F")
    known = await seen(mail, box)
    call = Call("mail.flag", {"folder": "INBOX", "mails": list(known.values()), "flag": "\\Flagged", "on": True})
    outcome = await done(mail, box, call)
    assert (outcome.state, outcome.count, outcome.note) == ("done", 2, "1 had it so already.")
    assert box.names() == ["0:F", "1:F", "2:F"]
    back = await done(mail, box, outcome.inverse)
    assert back.count == 2
    assert box.names() == ["0:", "1:", "2:F"]
    assert back.inverse
    assert back.inverse.args["on"] is True


async def test_look_back_on_flags_lets_the_rest_run(box: Box, mail: MailConnector) -> None:
    box.deliver(1, flags="S")
    box.deliver(1)
    known = await seen(mail, box)
    call = Call("mail.flag", {"folder": "INBOX", "mails": list(known.values()), "flag": "\\Seen", "on": True})
    box.by_hand(0, "Elsewhere")
    box.deliver(1, flags="S")
    unfinished = await tool(mail, "mail.flag").look_back(box.context, call.args)
    assert unfinished
    assert (unfinished.settled.count, unfinished.settled.gone) == (0, 1)
    outcome = await done(mail, box, unfinished.rest)
    assert outcome.count == 1
    assert box.names() == ["1:S", "2:S"]


async def test_a_folder_that_went_away(box: Box, mail: MailConnector) -> None:
    box.deliver(1, "Old")
    call = await move(mail, box, [0], folder="Old")
    os.rename(box.directory("Old"), box.directory("New"))
    with pytest.raises(PersonMends, match="no folder"):
        await done(mail, box, call)


async def test_a_message_id_twice_is_told_apart(box: Box, mail: MailConnector) -> None:
    box.deliver(1, Message_ID="<same@x>", Subject="Letter first")
    box.deliver(1, Message_ID="<same@x>", Subject="Letter second")
    known = await seen(mail, box)
    call = Call("mail.move", {"folder": "INBOX", "to": "\\Archive", "mails": [known["second"]]})
    assert (await done(mail, box, call)).count == 1
    assert box.names() == ["first:"]
    assert box.names("Archive") == ["second:"]
