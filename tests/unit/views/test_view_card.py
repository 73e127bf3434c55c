"""The card: sound whatever the texts, every call accounted for, readable."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views_checked import CARD_ID, DEPLOY, a_call, a_card, buttons, calls, hostile, read, skeleton, sound_message

from bot.contracts.tools import CallView, Noun
from bot.views.blocks import WHOLE, cost, person, run
from bot.views.calls import phrase, size, total
from bot.views.card import card


def counted(shown: str) -> int:
    """Things on the lines of a card: those of its calls, and those it says are more."""
    lines = [line for line in shown.split("\n") if " — " in line or line.startswith("and ")]
    amounts = [re.search(r"(?:^and .*?, | — )([\d,]+) mails?\b", line) for line in lines if " from " not in line]
    return sum(int(amount[1].replace(",", "")) for amount in amounts if amount)


def test_a_small_plan_reads_well() -> None:
    message = sound_message(
        card(
            a_card(
                a_call(items=3),
                a_call("Weekly Gardener <hello@garden.example>", 1),
                a_call("Win Now <win@lucky.example>", 2, verb="File", group="Junk", where="INBOX → Junk"),
                skipped=1,
            )
        )
    )
    assert read(message).split("\n") == [
        "Tidy up your inbox",
        "6 mails from 3 senders. Nothing happens until you approve. 1 mail you unticked is left alone.",
        "Archive · Newsletters — 4 mails from 2 senders, INBOX → Archive",
        "The Daily Robot <news@robot.example> — 3 mails: Issue 1; Issue 2 and 1 more",
        "Weekly Gardener <hello@garden.example> — 1 mail: Issue 1",
        "File · Junk — 2 mails from 1 sender, INBOX → Junk",
        "Win Now <win@lucky.example> — 2 mails: Issue 1; Issue 2",
        "Why you are asked: Moving mail changes your mailbox.",
        "Built from: 253 mails of INBOX",
        "Who may decide: only you",
        "Undo: all of it can be taken back afterwards.",
        "Decide by: Sun 22 Nov 2026, 09:12; after that, nothing will be done.",
        "Approve 6",
        "Choose…",
        "Show all 6",
        "Not now",
        "Deny…",
    ]
    assert message.text == (
        "Tidy up your inbox. Waiting for your decision: archive 4 mails and file 2 mails. "
        "Nothing happens until you approve. Decide by Sun 22 Nov 2026, 09:12."
    )


def test_the_buttons_carry_the_card_and_nothing_else() -> None:
    assert buttons(card(a_card(a_call(items=143)))) == {
        "Approve 143": ("gate.approve", CARD_ID),
        "Choose…": ("gate.view.choose", CARD_ID),
        "Show all 143": ("gate.view.listing", CARD_ID),
        "Not now": ("gate.deny", CARD_ID),
        "Deny…": ("gate.view.deny", CARD_ID),
    }
    assert "Choose…" not in buttons(card(a_card(a_call(), choosable=False)))


def test_what_cannot_be_taken_back_is_said() -> None:
    final = a_call(verb="Delete", group="", reversible=False)
    assert "Undo: none of it can be taken back." in read(card(a_card(final)))
    both = read(card(a_card(a_call(), final)))
    assert "Delete — 3 mails from 1 sender, INBOX → Archive. Cannot be taken back" in both
    assert "3 mails cannot be taken back (marked below each heading); the rest can." in both
    mixed = read(card(a_card(a_call(), a_call("Other", 2, reversible=False))))
    assert "5 mails from 2 senders, INBOX → Archive. 2 of them cannot be taken back" in mixed


def test_ways_that_differ_are_told_line_by_line() -> None:
    shown = read(card(a_card(a_call("A", 1, where="INBOX → Archive"), a_call("B", 1, where="INBOX → Later"))))
    assert "A — 1 mail, INBOX → Archive: Issue 1" in shown
    assert "B — 1 mail, INBOX → Later: Issue 1" in shown


@given(st.integers(0, 400), st.integers(1, 40), st.integers(0, 100))
def test_what_does_not_fit_is_counted(many: int, each: int, padding: int) -> None:
    plan = tuple(
        a_call(f"List {index} {'x' * padding}", 1 + (index * 7) % each, group=f"Group {index % 3}")
        for index in range(many + 1)
    )
    message = sound_message(card(a_card(*plan)))
    assert counted(read(message)) == total(plan)
    assert f"Approve {total(plan):,}" in buttons(message)


def test_many_groups_are_counted_too() -> None:
    plan = tuple(a_call(f"S{index}", 2, group=f"Group {index}") for index in range(100))
    shown = read(sound_message(card(a_card(*plan))))
    assert "and 88 more groups, 176 mails from 88 senders: all in Show all" in shown


def test_a_large_plan_uses_the_room_there_is() -> None:
    plan = tuple(a_call(f"List {index}", 5) for index in range(300))
    shown = read(sound_message(card(a_card(*plan))))
    assert shown.count("List ") > 40
    more = re.search(r"and (\d+) more senders, ([\d,]+) mails: all in Show all", shown)
    assert more
    assert int(more[1]) + shown.count("List ") == 300


@given(st.lists(calls, min_size=1, max_size=12), hostile, hostile, hostile, hostile, hostile)
def test_no_text_makes_a_card_slack_refuses(
    plan: list[CallView], title: str, why: str, sources: str, note: str, approvers: str
) -> None:
    value = a_card(*plan, title=title, why=why, sources=sources, note=note, approvers=(run(approvers),))
    sound_message(card(value))


@given(hostile, hostile, st.lists(hostile, min_size=1, max_size=3))
def test_no_text_changes_the_structure(subject: str, where: str, items: list[str]) -> None:
    def shape(call: CallView, title: str, why: str) -> object:
        return skeleton(card(a_card(call, a_call("Other"), title=title, why=why)).blocks)

    call = a_call(subject, tuple(items), where=where or "x")
    tame = replace(
        call, subject="x" * len(subject), where="x" * len(call.where), items=tuple("x" * len(item) for item in items)
    )
    assert shape(call, subject, where or "x") == shape(tame, "x" * len(subject), "x" * len(where or "x"))


@given(st.lists(calls, min_size=1, max_size=12))
def test_the_count_approved_is_the_count_of_the_plan(plan: list[CallView]) -> None:
    whole = sum(map(size, plan))
    assert f"Approve {whole:,}" in buttons(card(a_card(*plan)))


MESSAGE = CallView(
    "Send", "#deploys", "", ("Release 2.4 is out. " * 40,), False, things=Noun("message", "messages"), environment=""
)


def test_one_call_without_items_is_told_in_words() -> None:
    message = sound_message(card(a_card(DEPLOY, choosable=False, environment="production", why="Deploys are shared.")))
    assert read(message).split("\n")[:3] == [
        "Tidy up your inbox",
        "Deploy acme/api to production. Nothing happens until you approve.",
        "Cannot be taken back.",
    ]
    assert "Takes effect in: production" in read(message)
    assert "Undo: it cannot be taken back." in read(message)
    assert "thing" not in read(message).replace("Nothing", "").replace("nothing", "")
    assert message.text.startswith("Tidy up your inbox. Waiting for your decision: deploy acme/api to production. ")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (DEPLOY, "Deploy acme/api to production"),
        (replace(DEPLOY, verb="Restart"), "Restart acme/api in production"),
        (replace(DEPLOY, where="production"), "Deploy acme/api to production"),
        (replace(DEPLOY, where="to production"), "Deploy acme/api to production"),
        (replace(DEPLOY, where="main → production"), "Deploy acme/api, main → production"),
        (replace(DEPLOY, environment=""), "Deploy acme/api"),
        (replace(DEPLOY, verb="Add", subject="ben", where="to #ops", environment=""), "Add ben to #ops"),
    ],
)
def test_phrases(call: CallView, words: str) -> None:
    assert phrase(call) == words


def test_things_are_called_what_they_are() -> None:
    shown = read(sound_message(card(a_card(MESSAGE, replace(MESSAGE, subject="#ops")))))
    assert shown.split("\n")[1].startswith("2 messages. Nothing")
    mixed = read(sound_message(card(a_card(MESSAGE, a_call(items=2), DEPLOY))))
    assert mixed.split("\n")[1].startswith("4 things. Nothing")
    assert "Archive · Newsletters — 2 mails from 1 sender" in mixed
    assert "\nDeploy acme/api to production\n" in mixed


def test_a_single_call_shows_its_items_in_full() -> None:
    shown = read(sound_message(card(a_card(MESSAGE))))
    assert MESSAGE.items[0] in shown
    many = read(sound_message(card(a_card(a_call(items=400)))))
    more = re.search(r"and (\d+) more mails: all in Show all", many)
    assert more
    assert int(more[1]) + len(re.findall(r"^Issue \d+$", many, re.MULTILINE)) == 400


def test_a_critical_card_asks_for_a_code() -> None:
    message = sound_message(card(a_card(DEPLOY, critical=True, editable=True, choosable=False)))
    assert buttons(message) == {
        "Approve 1…": ("gate.view.prove", CARD_ID),
        "Edit…": ("gate.view.edit", CARD_ID),
        "Show all 1": ("gate.view.listing", CARD_ID),
        "Not now": ("gate.deny", CARD_ID),
        "Deny…": ("gate.view.deny", CARD_ID),
    }
    assert "Critical: approving takes a code from your authenticator app." in read(message)


def test_the_askers_copy_of_a_card_that_others_decide() -> None:
    message = sound_message(
        card(a_card(DEPLOY, deciding=False, asker="U01ADA00001", needs=2, approved_by=("U02BEN00002",)))
    )
    assert buttons(message) == {
        "Show all 1": ("gate.view.listing", CARD_ID),
        "Withdraw": ("gate.deny", CARD_ID),
    }
    shown = read(message)
    assert "Nothing happens until it is approved." in shown
    assert "Asked for by: @U01ADA00001" in shown
    assert "Approvals: 1 of 2 needed: @U02BEN00002" in shown
    assert "your decision" not in message.text


def test_outbox_ceiling_and_addresses_are_told() -> None:
    typed = "https://deploys.example/acme?ref=main"
    message = sound_message(card(a_card(MESSAGE, outbox=30, ceiling="This is the 21st today.", links=(typed,))))
    shown = read(message)
    assert "Sent 30 s after approval; you can call it back until then." in shown
    assert "Limit reached: This is the 21st today." in shown
    assert links(message.blocks) == [{"type": "link", "url": typed, "text": typed}]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://ada@evil.example/",
        "https://pаypal.example/",
        "https://evil.example/\u202e",
        "http://x|y",
        "https://example.org/?a=" + "x" * 300,
        "https://example.org/?token=abcd1234efgh5678",
    ],
)
def test_what_is_not_plainly_an_address_stays_text(address: str) -> None:
    assert links(sound_message(card(a_card(DEPLOY, links=(address,)))).blocks) == []


@given(hostile, hostile)
def test_nothing_outside_text_says_can_be_pressed(subject: str, title: str) -> None:
    call = a_call(subject, (subject,), where=subject, group=title)
    assert links(card(a_card(call, title=title, why=subject, sources=subject, note=title)).blocks) == []


def links(piece: object) -> list[object]:
    if isinstance(piece, dict):
        return [piece] if piece.get("type") == "link" else links(list(piece.values()))
    return [found for entry in piece for found in links(entry)] if isinstance(piece, list | tuple) else []


def test_a_card_that_is_long_everywhere_fits() -> None:
    long = "&<>" * 4_000
    plan = [a_call(long, (long,) * 50, group=f"{index}{long}", where=long) for index in range(60)]
    message = card(
        a_card(
            *plan,
            title=long,
            why=long,
            sources=long,
            note=long,
            ceiling=long,
            environment=long,
            approvers=tuple(person(f"U{index:09}") for index in range(500)),
            approved_by=tuple(f"U{index:09}" for index in range(500)),
            asker="U01ADA00001",
            needs=600,
            critical=True,
            outbox=30,
            links=(long, "https://example.org/" + "x" * 200) * 9,
        )
    )
    sound_message(message)
    assert cost(list(message.blocks)) <= WHOLE
    assert cost(list(sound_message(card(a_card(plan[0], title=long))).blocks)) <= WHOLE
