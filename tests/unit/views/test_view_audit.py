"""The audit as people read it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from views_checked import NOW, hostile, read, skeleton, sound_message

from bot.contracts.people import Person
from bot.views.audit import MOST, audit, shared

ADA = Person("T1", "UADA")


@dataclass(frozen=True)
class ADeed:
    event: str = "approved"
    person: Person = ADA
    plan: str = "p1"
    key: str = ""
    actor: str = "UADA"
    tool: str = "mail.move"
    preview: str = "Archive The Daily Robot, 12 mails"
    decision: str = "Moving mail changes your mailbox."
    result: str = ""


@dataclass(frozen=True)
class ALink:
    entry: ADeed | None
    at: datetime = NOW


def test_an_entry_says_when_what_by_whom_why_and_how_it_ended() -> None:
    links = [
        ALink(ADeed("outcome", actor="", decision="", result="unknown")),
        ALink(ADeed(), NOW - timedelta(minutes=1)),
        ALink(ADeed("sent-by-pigeon", preview="", decision="", result="done")),
    ]
    message = sound_message(audit(links, "Europe/London"))
    *_, ended, approved, other = read(message).splitlines()
    assert ended == (
        "Sat 21 Nov 2026, 09:12 — Ended: Archive The Daily Robot, 12 mails · by MeshClaw itself"
        " · nobody can tell whether it was done"
    )
    assert approved == (
        "Sat 21 Nov 2026, 09:11 — Approved: Archive The Daily Robot, 12 mails · by @UADA"
        " · Moving mail changes your mailbox."
    )
    assert other == "Sat 21 Nov 2026, 09:12 — Sent-by-pigeon: mail.move · by @UADA · done"
    assert "more" not in read(message)


def test_admins_read_in_whose_name() -> None:
    message = sound_message(shared([ALink(ADeed(person=Person("T1", "UBEN")))], "UTC"))
    assert "Approved for @UBEN: Archive" in read(message)
    assert "only they can read that" in read(message)


def test_what_is_not_shown_is_counted() -> None:
    links = [ALink(ADeed(preview=f"mail {number}.")) for number in range(MOST + 1)]
    assert read(audit(links, "UTC", whole=1_234)).endswith("and 1,214 more")
    assert read(audit(links, "UTC")).endswith("and more before that")
    assert "more" not in read(audit(links[:MOST], "UTC", whole=MOST))
    shown = read(sound_message(audit(links, "UTC")))
    assert "mail 19." in shown
    assert "mail 20." not in shown


def test_nothing_yet_and_nothing_any_more() -> None:
    assert read(sound_message(audit([], "UTC"))) == "Nothing has been done in your name yet."
    assert read(sound_message(shared([], "UTC"))) == "Nothing shared has been touched yet."
    assert "was changed and tells nothing any more" in read(sound_message(audit([ALink(None)], "UTC")))


@given(hostile, hostile, hostile, hostile, st.integers(0, 21), st.booleans())
def test_hostile_texts_change_nothing_but_the_words(
    preview: str, decision: str, tool: str, word: str, many: int, by_admin: bool
) -> None:
    view = shared if by_admin else audit
    deed = ADeed(word, ADA, word, tool, preview, decision, word)
    sound_message(view([ALink(deed)] * many, "UTC", whole=many))
    one = ADeed("!", ADA, "UADA", "x", f"x{preview}", f"x{decision}", "x")
    tame = ADeed("!", ADA, "UADA", "x", "x", "x", "x")
    assert skeleton(view([ALink(one)], "UTC").blocks) == skeleton(view([ALink(tame)], "UTC").blocks)


def test_calls_of_one_plan_that_ended_alike_read_as_one() -> None:
    keys = [f"p1/{number}" for number in range(5)]
    ended = [ADeed("outcome", key=key, preview=f"Archive {key}", result="done") for key in keys]
    begun = [ADeed("intent", key=key, preview=f"Archive {key}") for key in keys]
    odd = ADeed("outcome", key="p1/9", preview="Archive odd", result="unknown")
    halted = ADeed("intent", key="p1/10", preview="Archive halted")
    other = ADeed("outcome", plan="p2", key="p2/0", preview="Post", result="done")
    pairs = [link for pair in zip(ended, begun, strict=True) for link in pair]
    links = [ALink(each) for each in (other, halted, odd, *pairs, ADeed("approved"))]
    lines = [text for text in read(audit(links, "UTC")).split("\n") if " — " in text]
    assert len(lines) == 5, "one of p2, the two that ended otherwise, the five of p1, the approval"
    assert "Begun: Archive halted" in lines[1]
    assert "Archive p1/0 and 4 more like it" in lines[3]
