"""What rules and grants see of a mail call: the folder, where to, and whose mails; and whose is told exactly."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.contracts.errors import PersonMends
from connectors.email.arguments import bare_address
from connectors.email.parse import parse_bytes
from connectors.email.tools import FlagTool, MoveTool

MOVE, FLAG = MoveTool(None, None), FlagTool(None, None)  # type: ignore[arg-type]
"""Nothing here opens a mailbox."""


def call(*senders: str, **more: Any) -> dict[str, Any]:
    mails = [{"uid": str(number), "sender": sender, "subject": "Hi"} for number, sender in enumerate(senders, 1)]
    return {"folder": "INBOX", "mails": mails, **more}


def test_a_move_is_its_folders_and_its_senders() -> None:
    args = call("News <News@Robot.example>", "news@robot.example", "Ann <ann@x.example>", to="\\Archive")
    assert MOVE.facets(args) == {
        "folder": ("INBOX",),
        "to": ("\\Archive",),
        "sender": ("ann@x.example", "news@robot.example"),
    }


def test_a_flag_is_put_on_or_taken_off() -> None:
    on, off = (FLAG.facets(call("a@x.example", flag="\\Flagged", on=on)) for on in (True, False))
    assert on == {"folder": ("INBOX",), "flag": ("\\Flagged",), "on": ("true",), "sender": ("a@x.example",)}
    assert off == {**on, "on": ("false",)}


def test_what_changes_from_mail_to_mail_is_no_facet() -> None:
    args = call("a@x.example", to="\\Archive")
    (mail,) = args["mails"]
    other = {**mail, "uid": "9", "validity": 4, "message_id": "<m@x>", "subject": "Other", "date": "2026-11-01"}
    assert MOVE.facets(args) == MOVE.facets({**args, "mails": [other], "subject": "x", "group": "y"})


def test_a_mail_whose_sender_is_not_named_shows_as_such() -> None:
    args = call("a@x.example", to="\\Archive")
    args["mails"].append({"uid": "9"})
    assert MOVE.facets(args)["sender"] == ("", "a@x.example")


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("news@robot.example", "news@robot.example"),
        ("boss@real.example <News@Robot.example>", "news@robot.example"),
        ("a <boss@real.example> <news@robot.example> ", "news@robot.example"),
        ("<boss@real.example> news@robot.example", "<boss@real.example> news@robot.example"),
        ("The Robot <>", ""),
        ("The Robot", "the robot"),
        ("", ""),
    ],
)
def test_a_display_name_is_no_address(sender: str, address: str) -> None:
    assert bare_address(sender) == address


@given(st.text(max_size=60))
@example("Ann <ann@x.example>")
@example("boss@x.example <ann@x.example>")
@example('"Ann <boss@x.example>" <ann@x.example>')
@example("Ann")
@example("")
def test_the_sender_of_a_mail_as_it_reads_is_that_mails_own(header: str) -> None:
    header = header.replace("\n", " ").replace("\r", " ")
    mail = parse_bytes(f"From: {header}\nSubject: Hi\n\nHello\n".encode("utf-8", "surrogatepass"))
    if not set("<>") & set(mail.sender.address):  # no other address is one of a real mail
        assert bare_address(str(mail.sender)) == mail.sender.address


def test_the_folder_may_be_edited_and_is_a_folder_by_name_then() -> None:
    args = call("a@x.example", to="\\Archive", verb="Archive")
    (field,) = MOVE.fields(args)
    assert (field.name, field.initial) == ("to", "Archive")
    assert MOVE.edited(args, {"to": "Archive"}) == args
    edited = MOVE.edited(args, {"to": " Receipts/2026 "})
    assert edited == {**args, "to": "Receipts/2026", "verb": "Move"}
    MOVE.check(edited)
    assert MOVE.describe(edited).where == "INBOX → Receipts/2026"


@pytest.mark.parametrize("to", ["", " ", "\\Trash", "a\x00b", "x" * 501, "INBOX"])
def test_what_is_no_other_folder_is_refused_at_its_field(to: str) -> None:
    with pytest.raises(PersonMends) as caught:
        MOVE.edited(call("a@x.example", to="\\Archive"), {"to": to})
    assert caught.value.field == "to"
    assert caught.value.mend


@pytest.mark.parametrize(
    ("verb", "to", "said"),
    [
        ("Archive", "\\Archive", "Archive"),
        ("File", "\\Junk", "File"),
        ("Archive", "\\Trash", "Move"),
        ("File", "Receipts", "Move"),
        ("Move", "\\Archive", "Move"),
    ],
)
def test_the_verb_is_true_of_the_folder(verb: str, to: str, said: str) -> None:
    assert MOVE.describe(call("a@x.example", to=to, verb=verb)).verb == said


@pytest.mark.parametrize("tool", [(MOVE, {"to": "\\Archive"}), (FLAG, {"flag": "\\Seen"})])
def test_mail_is_the_persons_own_and_counted_in_mails(tool: Any) -> None:
    view = tool[0].describe(call("a@x.example", **tool[1]))
    assert view.own
    assert (view.things.many, view.subjects and view.subjects.many) == ("mails", "senders")
